"""`--chat-template`: the same choice on the command line and in Python."""

import json
from pathlib import Path

import pytest
from chat_tokenizers import CHATML, save_tokenizer
from cli_runs import run

from dataset_tools import InputError, convert_rows

ROW = {
    "messages": [
        {"role": "user", "content": "Is the bridge open?"},
        {"role": "assistant", "content": "Until six."},
    ]
}


@pytest.mark.train
@pytest.mark.filterwarnings("ignore")
def test_chats_in_the_format_of_a_tokenizer(tmp_path: Path) -> None:
    """The command and the function write the same pair, and one text without a separator."""
    (tmp_path / "chats.jsonl").write_text(json.dumps(ROW) + "\n", encoding="utf-8")
    name = save_tokenizer(tmp_path / "t", CHATML, eos_token="<|im_end|>", adds_bos=False)
    prompt = "<|im_start|>user\nIs the bridge open?<|im_end|>\n<|im_start|>assistant\n"
    expected = {
        "prompt-completion": {"prompt": prompt, "completion": "Until six."},
        "text": {"text": f"{prompt}Until six."},
    }

    for target, record in expected.items():
        done = run(
            *("convert", "chats.jsonl", "-o", "-", "--chat-template", name, "--to", target),
            cwd=tmp_path,
        )
        assert record == json.loads(done.stdout), done.stderr.decode()
        assert [record] == list(convert_rows([ROW], chat_template=name, to=target))


def test_a_template_that_cannot_be_loaded_is_named_before_anything_is_written(
    tmp_path: Path,
) -> None:
    """One line, exit 2, no output."""
    (tmp_path / "chats.jsonl").write_text(json.dumps(ROW) + "\n", encoding="utf-8")

    done = run(
        *("convert", "chats.jsonl", "-o", "out.jsonl", "--chat-template", "./absent"), cwd=tmp_path
    )

    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"error: ./absent: no such file or folder")
    assert not (tmp_path / "out.jsonl").exists()
    with pytest.raises(InputError, match=r"^\./absent: no such file or folder"):
        convert_rows([ROW], chat_template="./absent")
