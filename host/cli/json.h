/* JSON on stdout, for programs. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

/* Print `"key": "text"`. Bytes beyond ASCII, which drivers write in any encoding, become '?'. */
void cli_json_text(const char *key, const char *text);

/* Print `"key": value`, null for NaN and infinities, which JSON does not have. */
void cli_json_number(const char *key, double value);

#endif
