"""What a dataset or a reader can do, as far as it was measured or said: passports, compared on their evidence.

Knows no build, no request and no face. Every fact says where it was read; what nobody knows is unknown, never 0.
"""
