"""`prompt_loss_weight`: a weight for every token's loss, exact however a step is split."""
