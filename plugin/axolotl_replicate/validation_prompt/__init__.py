"""`validation_prompt`: a response of the model as it is, at every evaluation."""
