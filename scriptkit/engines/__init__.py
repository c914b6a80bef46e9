"""The engines that turn a module into a program: TorchScript now, `torch.export` next."""
