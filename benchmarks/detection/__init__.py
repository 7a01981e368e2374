"""The figures of licence, secret and language detection; each section is a module with `figures(quick)`."""
