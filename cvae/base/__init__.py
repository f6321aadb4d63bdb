"""What every model can do beside its loss: encode, decode, sample, check what comes in, be saved."""
