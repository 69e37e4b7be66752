"""Dermnet: about 19,500 clinical photos in 23 folders, most of which mix several diseases.

Layout: ``{train,test}/<folder>/*.jpg``, or the folders alone. The folders are coarse: some mix benign with malignant
lesions, which are indeterminate here and belong to no task that asks for malignancy.
"""

from __future__ import annotations

from tejido.sources.folders import Folders
from tejido.sources.record import SourceInfo

TERMS = {
    "Acne and Rosacea Photos": "acne_or_rosacea",
    "Actinic Keratosis Basal Cell Carcinoma and other Malignant Lesions": "keratosis_or_carcinoma",
    "Atopic Dermatitis Photos": "atopic_dermatitis",
    "Bullous Disease Photos": "bullous_disease",
    "Cellulitis Impetigo and other Bacterial Infections": "bacterial_infection",
    "Eczema Photos": "eczema",
    "Exanthems and Drug Eruptions": "drug_eruption",
    "Hair Loss Photos Alopecia and other Hair Diseases": "hair_disease",
    "Herpes HPV and other STDs Photos": "sexually_transmitted_disease",
    "Light Diseases and Disorders of Pigmentation": "pigmentation_disorder",
    "Lupus and other Connective Tissue diseases": "connective_tissue_disease",
    "Melanoma Skin Cancer Nevi and Moles": "melanocytic_lesion",
    "Nail Fungus and other Nail Disease": "nail_disease",
    "Poison Ivy Photos and other Contact Dermatitis": "contact_dermatitis",
    "Psoriasis pictures Lichen Planus and related diseases": "psoriasis_or_lichen_planus",
    "Scabies Lyme Disease and other Infestations and Bites": "infestation_or_bite",
    "Seborrheic Keratoses and other Benign Tumors": "benign_lesion",
    "Systemic Disease": "systemic_disease",
    "Tinea Ringworm Candidiasis and other Fungal Infections": "fungal_infection",
    "Urticaria Hives": "urticaria",
    "Vascular Tumors": "vascular_lesion",
    "Vasculitis Photos": "vasculitis",
    "Warts Molluscum and other Viral Infections": "viral_infection",
}
DERMNET = Folders(
    SourceInfo(
        name="dermnet",
        title="Dermnet",
        summary="Clinical photos of skin diseases in 23 coarse classes, from an online atlas.",
        modality="clinical",
        images=19559,
        licence="all rights reserved",
        attribution="Dermnet",
        citation="Dermnet skin disease atlas, www.dermnet.com.",
        homepage="https://www.dermnet.com",
        obtain="The atlas was withdrawn from free download in 2019; ask its owners. Copies of 19,559 photos go round.",
        size="about 1.7 GB",
        terms=TERMS,
    )
)
"""Reader of Dermnet."""
