#include "tone.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct tone_ctx { char * path; tone_params params; };
struct tone_state_s { int open; };
static int frees;

tone_params tone_default_params(void) {
    tone_params params;
    memset(&params, 0, sizeof params);
    params.threads = 4;
    params.mode = TONE_A;
    params.search.patience = 1.5f;
    params.low = -3;
    params.scale = 0.25;
    params.type = 7;
    params.aB = 9;
    return params;
}

tone_ctx * tone_load(const char * path, const tone_params * params) {
    if (!*path) return NULL;
    tone_ctx * ctx = malloc(sizeof *ctx);
    ctx->path = strdup(path);
    ctx->params = params ? *params : tone_default_params();
    return ctx;
}

void tone_free(tone_ctx * ctx) { free(ctx->path); free(ctx); }

char * tone_text(const tone_ctx * ctx, const float * pcm, size_t n) {
    if (!pcm) return NULL;
    float sum = 0;
    for (size_t i = 0; i < n; i++) sum += pcm[i];
    char * text = malloc(100);
    snprintf(text, 100, "%s %s %g", ctx->path, ctx->params.language ? ctx->params.language : "auto", sum);
    return text;
}

void tone_free_text(const char * text) { frees++; free((char *)text); }
int tone_frees(void) { return frees; }
const char * tone_version(void) { return "tone 1"; }

enum tone_status tone_open_state(tone_ctx * ctx, tone_state ** out, const char * const * names, unsigned long long seed) {
    if (!ctx || seed != 1ull << 63 || strcmp(names[1], "second")) return TONE_BAD;
    *out = malloc(sizeof **out);
    (*out)->open = 1;
    return TONE_NEXT;
}

void tone_close_state(tone_state * state) { free(state); }

int tone_run(tone_ctx * ctx, tone_audio * out, tone_progress progress, void * data) {
    int calls = 0;
    while (calls < 10 && progress(ctx, calls / 4.0f, "step", data)) calls++;
    static float samples[3] = {1, 2, 3};
    out->samples = samples;
    out->n = 3;
    strcpy(out->name, "made");
    return calls;
}

int tone_run_curve(tone_curve curve) { return curve ? (int)curve(1) : -1; }
int64_t tone_sum_pair(struct tone_pair pair) { return pair.left + pair.right; }
struct tone_pair tone_make_pair(int32_t left, int64_t right) { return (struct tone_pair){left, right}; }

double tone_sum_medium(int first, struct tone_medium medium, int last) {
    return first + 10 * medium.a + 100 * medium.b + 1000 * medium.c + medium.d + 10000 * last;
}

struct tone_medium tone_make_medium(int64_t a, double d) { return (struct tone_medium){a, 2, 3, d}; }
float tone_length(struct tone_point point) { return sqrtf(point.x * point.x + point.y * point.y); }
struct tone_point tone_half(struct tone_point point) { return (struct tone_point){point.x / 2, point.y / 2}; }

size_t tone_check(const char * word, tone_params params, uint8_t last) {
    return strlen(word) + params.threads + (size_t)params.aB + last;
}

double tone_many(int8_t a, uint16_t b, long c, unsigned d, float e, double f, bool g, tone_token h, intptr_t i, const void * j) {
    return a + b + c + d + (double)e + f + g + h + i + *(const int *)j;
}

tone_stream tone_stream_open(void) { return malloc(1); }
void tone_stream_close(tone_stream stream) { free(stream); }

int tone_rows(tone_value * value, tone_bits * bits, const tone_row row, int rows[4], const unsigned char * bytes) {
    rows[1] = row[3];
    return !value + !bits + bytes[1];
}

int tone_old(tone_ctx * ctx) { return !ctx; }
int type(int func, int string, int third, int func_) { return func + 10 * string + 100 * third + 1000 * func_; }
double tone_wider(struct tone_wide wide) { return wide.values[19]; }
double tone_wider_p(const struct tone_wide * wide) { return wide->values[19]; }
int tone_use_value(tone_value value) { return value.i; }
int tone_use_bits(tone_bits bits) { return bits.flag; }
int tone_use_packed(struct tone_packed packed) { return packed.i; }
int tone_use_holds(struct tone_holds holds) { return holds.value.i; }
int tone_late_pair(int a, int b, int c, int d, int e, struct tone_pair pair) { return a + b + c + d + e + pair.right; }
float tone_mix(struct tone_mixed mixed) { return mixed.x * mixed.n; }
