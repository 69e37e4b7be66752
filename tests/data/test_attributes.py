from __future__ import annotations

import numpy as np
import pandas as pd

from tejido.data.attributes import attributes


def test_bands() -> None:
    rows = pd.DataFrame(
        {
            "age": pd.Series([0, 29, 30, 49.9, 70, None], dtype="Float32"),
            "sex": pd.Series(["male", None, "female", "male", "male", "male"], dtype="string"),
            "device": pd.Series([None] * 6, dtype="string"),
            "tone": [60.0, 54.9, 28.0, -30.1, -30.0, np.nan],
            "covered": [0.05, 0.1, 0.29, 0.3, 1.0, np.nan],
            "hair": [0.0, 0.0, 0.0, 0.0, 0.2, 0.9],
        }
    )
    found = attributes(rows)
    assert list(found) == ["sex", "age", "skin tone", "hair", "lesion covers"]
    assert found["age"].tolist()[:5] == ["0-29", "0-29", "30-49", "30-49", "70+"]
    assert found["age"].isna().tolist() == [False] * 5 + [True]
    assert found["skin tone"].tolist()[:5] == ["very light", "light", "intermediate", "dark", "brown"]
    covers = ["0-10 %", "10-30 %", "10-30 %", "30-100 %", "30-100 %"]
    assert found["lesion covers"].tolist()[:5] == covers
    assert list(found["age"].cat.categories) == ["0-29", "30-49", "50-69", "70+"]
    # Four equal values are in one part: their mean rank is 2.5 of 6.
    assert found["hair"].tolist() == ["middle third"] * 4 + ["most third"] * 2
