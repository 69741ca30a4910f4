"""A byte-level BPE tokenizer of a real library, small enough to be kept beside the golden files.

`python tests/small_tokenizer.py` writes it again; it is kept because two versions of the library
need not learn the same merges.
"""

from pathlib import Path

FOLDER = Path(__file__).parent / "data" / "preview" / "tokenizer"
CORPUS = Path(__file__).parents[1] / "LICENSE"  # plain English that will not change
VOCABULARY_SIZE = 700


def write_tokenizer(folder: Path) -> None:
    """Learn the merges and save the files of a model's folder; BOS before a text, as Llama has."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train([str(CORPUS)], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 0)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>"
    ).save_pretrained(folder)


if __name__ == "__main__":
    write_tokenizer(FOLDER)
