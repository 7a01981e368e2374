"""The HTTP server of readers: the Hugging Face task contract, the Open Inference Protocol, our own API, and a page."""
