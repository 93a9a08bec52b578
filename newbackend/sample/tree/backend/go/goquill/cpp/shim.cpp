#include "shim.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "quill.h"

static std::unique_ptr<quill::Model> model;

int quill_load(const char *path) {
    model = quill::Model::open(path);
    return model ? 0 : 1;
}

void quill_free(void) { model.reset(); }

int quill_embed(const char *text, float *out, int len) {
    if (!model) return -1;
    const std::vector<float> values = model->embed(text);
    std::copy_n(values.begin(), std::min<size_t>(values.size(), len), out);
    return static_cast<int>(values.size());
}

int quill_complete(const char *prompt, int tokens, char *out, int len) {
    if (!model) return -1;
    const std::string text = model->complete(prompt, tokens);
    if (text.size() > static_cast<size_t>(len)) return -1;
    std::copy(text.begin(), text.end(), out);
    return static_cast<int>(text.size());
}
