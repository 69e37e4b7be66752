"""From records to a manifest and its splits. Free of torch.

The manifest is one table (``manifest``). ``cleaning`` makes it from what the sources say, with ``duplicates`` to find
pictures that are there twice; ``splitting`` groups and splits it; ``auditing`` looks for what is wrong with it;
``cache`` packs its pixels for training.
"""
