"""ISIC9: a copy of 2,357 images of the ISIC Archive in nine class folders, as it went round on Kaggle.

Layout: ``{Train,Test}/<class>/ISIC_*.jpg``. It has traps: copies of one picture under two classes and on both sides
of its Train/Test split, and some copies were squashed from 4:3 to squares. The names are ISIC ids, so that the tables
of the ISIC challenges can be joined to it (``--metadata``).
"""

from __future__ import annotations

from tejido.sources.folders import Folders
from tejido.sources.record import SourceInfo

TERMS = {
    "actinic keratosis": "actinic_keratosis",
    "basal cell carcinoma": "basal_cell_carcinoma",
    "dermatofibroma": "dermatofibroma",
    "melanoma": "melanoma",
    "nevus": "nevus",
    "pigmented benign keratosis": "pigmented_benign_keratosis",
    "seborrheic keratosis": "seborrheic_keratosis",
    "squamous cell carcinoma": "squamous_cell_carcinoma",
    "vascular lesion": "vascular_lesion",
}
ISIC9 = Folders(
    SourceInfo(
        name="isic9",
        title="ISIC, nine classes",
        summary="Images of the ISIC Archive in nine class folders, with many copies and contradictions.",
        modality="dermoscopy",
        images=2357,
        licence="per image (CC0, CC BY or CC BY-NC)",
        attribution="ISIC Archive contributors",
        citation="The International Skin Imaging Collaboration: the ISIC Archive.",
        homepage="https://www.kaggle.com/datasets/nodoubttome/skin-cancer9-classesisic",
        obtain="Download the archive from its Kaggle page and unpack it.",
        size="about 0.8 GB",
        aspect=4 / 3,
        terms=TERMS,
    )
)
"""Reader of ISIC9."""
