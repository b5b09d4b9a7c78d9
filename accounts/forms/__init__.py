"""One form a verb, and the order form: what people and programs type in, checked before an action sees it."""
