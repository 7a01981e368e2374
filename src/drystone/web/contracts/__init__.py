"""What programs send and get: the shapes of our own API, of the Hugging Face task, of the Open Inference Protocol."""
