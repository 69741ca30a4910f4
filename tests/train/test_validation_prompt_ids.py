"""What is sent for a prompt, and how long the response may become."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

STRATEGY = "axolotl_replicate.prompt_strategy"
PROMPT_ROW = {"prompt": "a", "completion": "b", "weight": 1, "line": 1}
TEXT_ROW = {"text": "a", "weight": 1, "line": 1}
BOS_ID = 1


@pytest.fixture(scope="module")
def tokenizer(tiny_model: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny_model)


@pytest.fixture
def encode(tokenizer: Any, write_rows: Callable[..., Path]) -> Callable[..., Any]:
    """Encodes a recipe's prompts over stored rows of ours, or over another dataset type."""

    def encode(row: dict[str, Any] | None, positions: int | None = 512, **keys: Any) -> Any:
        from axolotl_replicate.validation_prompt.prompts import encode_prompts

        stored = {"path": str(write_rows([row] if row else [])), "type": STRATEGY}
        recipe = {
            "datasets": [stored if row else {"path": "x", "type": "alpaca"}],
            "sequence_len": 64,
            "separator": " ->",
            **keys,
        }
        return encode_prompts(recipe, tokenizer, SimpleNamespace(max_position_embeddings=positions))

    return encode


@pytest.mark.parametrize(
    ("row", "sent"), [(PROMPT_ROW, "Say 1 ->"), (TEXT_ROW, "Say 1"), (None, "Say 1")]
)
@pytest.mark.parametrize("prompt", ["Say 1", ["Say 1"]])
def test_the_prompt_is_sent_as_training_sees_it(
    row: dict[str, Any] | None,
    sent: str,
    prompt: object,
    encode: Callable[..., Any],
    tokenizer: Any,
) -> None:
    """BOS and separator as trained; texts have no separator, other dataset types neither."""
    (encoded,) = encode(row, validation_prompt=prompt)

    assert encoded.ids == [BOS_ID, *tokenizer(sent, add_special_tokens=False)["input_ids"]]
    assert encoded.text == "Say 1"


def test_a_separator_that_the_prompt_carries_is_not_added_twice(
    encode: Callable[..., Any],
) -> None:
    """The same rule as for training data."""
    bare, carrying = encode(PROMPT_ROW, validation_prompt=["Say 1", "Say 1 ->"])

    assert bare.ids == carrying.ids


@pytest.mark.parametrize(
    ("chunk_size", "positions", "limit"),
    [(64, 512, 64), (64, 32, 32), (64, None, 64), (4096, 4096, None)],
)
def test_a_response_ends_where_chunk_or_positions_do(
    chunk_size: int, positions: int | None, limit: int | None, encode: Callable[..., Any]
) -> None:
    """Prompt and response fit what was trained and what the model can; never over 256 tokens."""
    (encoded,) = encode(PROMPT_ROW, positions, validation_prompt="Say 1", sequence_len=chunk_size)

    assert encoded.max_new_tokens == (256 if limit is None else limit - len(encoded.ids))


@pytest.mark.parametrize(
    ("positions", "limit_name"), [(512, "chunk_size (sequence_len) of 64"), (9, "positions of 9")]
)
def test_a_prompt_that_leaves_no_room_is_refused(
    positions: int, limit_name: str, encode: Callable[..., Any]
) -> None:
    """The message names the prompt's length and what limits it."""
    from dataset_tools.errors import InputError

    with pytest.raises(InputError, match=r"^validation_prompt: .* tokens leave no room") as refused:
        encode(PROMPT_ROW, positions, validation_prompt=["a", "word " * 64])

    assert limit_name in str(refused.value)


def test_no_prompt_is_nothing_to_send(encode: Callable[..., Any]) -> None:
    """Null and the empty text count as no prompt."""
    assert encode(PROMPT_ROW, validation_prompt=None) == []
    assert encode(PROMPT_ROW, validation_prompt="") == []


def test_an_empty_prompt_without_bos_is_refused(tokenizer: Any) -> None:
    """A tokenizer that adds no BOS has nothing to send for an empty text."""
    from tokenizers.processors import ByteLevel
    from transformers import PreTrainedTokenizerFast

    from axolotl_replicate.validation_prompt.prompts import encode_prompts
    from dataset_tools.errors import InputError

    bare = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer.backend_tokenizer.from_str(tokenizer.backend_tokenizer.to_str()),
        eos_token="</s>",
    )
    bare.backend_tokenizer.post_processor = ByteLevel()
    recipe = {"validation_prompt": [""], "sequence_len": 64}

    with pytest.raises(InputError, match="found an empty text and a tokenizer without BOS"):
        encode_prompts(recipe, bare, SimpleNamespace())
