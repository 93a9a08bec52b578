// The C face of quill.cpp, as the Go server sees it.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

// 0 on success.
int quill_load(const char *path);
void quill_free(void);
// Fills out[0..len) and returns the number of floats that the model has; negative on failure.
int quill_embed(const char *text, float *out, int len);
// Writes at most len bytes of UTF-8, without a final zero, and returns their number; negative on
// failure. tokens <= 0 leaves the length to the model.
int quill_complete(const char *prompt, int tokens, char *out, int len);

#ifdef __cplusplus
}
#endif
