"""Options and chats of requests in the form that Python engines take."""

import json


def parse_options(options):
    """`key:value` texts as a dict; numbers and booleans become values of their own."""
    found = {}
    for option in options:
        key, colon, value = option.partition(":")
        if colon:
            found[key.strip()] = typed(value.strip())
    return found


def typed(text):
    """A boolean, an int or a float, where the text is one."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def messages_to_dicts(messages):
    """Messages as chat templates take them; tool calls are decoded from JSON."""
    found = []
    for message in messages:
        row = {"role": message.role, "content": message.content}
        for key in ("name", "tool_call_id", "reasoning_content"):
            if getattr(message, key):
                row[key] = getattr(message, key)
        if message.tool_calls:
            row["tool_calls"] = json.loads(message.tool_calls)
        found.append(row)
    return found
