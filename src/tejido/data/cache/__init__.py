"""The packed cache: pictures decoded and brought to the network's geometry once, in one memory-mapped file.

A cache is a folder: ``cache.json`` (what it holds, with checksums), the pixels ``uint8[N, S, S, 3]`` as ``.npy``, and
an index as Parquet. Channels lie innermost, as the decoder gives them and as channels-last networks read them, so that
a picture is one run of bytes and drawing a random batch is one copy a picture. ``cache.json`` is replaced last, and it
names the other two: who opens a cache sees the old one or the new one, never a mixture.
"""
