"""Tokenizers of a few words with the chat templates of well-known models' families."""

from pathlib import Path

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# with tools and calls, as Qwen's and Hermes' templates write them
CHATML_TOOLS = (
    "{% if tools %}<|im_start|>system\n<tools>{% for tool in tools %}{{ '\n' }}"
    "{{ tool | tojson }}{% endfor %}{{ '\n' }}</tools><|im_end|>\n{% endif %}"
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}"
    "{% for call in message.tool_calls or [] %}{{ '\n' }}<tool_call>\n"
    '{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}'
    "\n</tool_call>{% endfor %}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# Llama 2: BOS and EOS around every pair, the system message inside the first [INST]
INST = (
    "{% if messages[0].role == 'system' %}{% set system = '<<SYS>>\n' + messages[0].content + "
    "'\n<</SYS>>\n\n' %}{% set turns = messages[1:] %}"
    "{% else %}{% set system = '' %}{% set turns = messages %}{% endif %}"
    "{% for message in turns %}"
    "{% if (message.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}"
    "{% endif %}"
    "{% if message.role == 'user' %}{{ bos_token }}[INST] {{ (system if loop.first else '') + "
    "message.content.strip() }} [/INST]"
    "{% else %} {{ message.content.strip() }} {{ eos_token }}{% endif %}{% endfor %}"
)
ZEPHYR = (
    "{% for message in messages %}<|{{ message.role }}|>\n{{ message.content }}{{ eos_token }}"
    "{{ '\n' }}{% endfor %}{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
# takes the arguments of calls for text, as OpenAI writes them
TEXT_ARGUMENTS = (
    "{% for message in messages %}{{ message.role }}: {{ message.content }}"
    "{% for call in message.tool_calls or [] %}"
    "{{ call.function.name + '(' + call.function.arguments + ')' }}{% endfor %}{{ '\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)
NAMES_OF_CALLS = (
    "{% for message in messages %}{{ message.role }}: {{ message.content }}"
    "{% for call in message.tool_calls or [] %}{{ call.function.name }}{% endfor %}|{% endfor %}"
)
WITHOUT_SYSTEM = (
    "{% for message in messages %}{% if message.role != 'system' %}{{ message.role }}: "
    "{{ message.content }}\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)
# writes a sign for thought before every answer to come, and none before one that is there
THINKING = (
    "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: <think>\n{% endif %}"
)


def save_tokenizer(
    folder: Path,
    template: str | dict[str, str] | None,
    eos_token: str = "</s>",
    adds_bos: bool = True,
) -> str:
    """Write a tokenizer of words with this chat template; the folder's name."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {token: place for place, token in enumerate(["<unk>", "<s>", eos_token, "a"])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    if adds_bos:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", vocabulary["<s>"])]
        )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token=eos_token, unk_token="<unk>"
    )
    fast.chat_template = template
    fast.save_pretrained(folder)
    return str(folder)
