/* A C API with every construct that bindings take, and every one that they refuse. */
#ifndef TONE_H
#define TONE_H
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#ifdef __cplusplus
extern "C" {
#endif

#define TONE_ROWS 2

typedef struct tone_ctx tone_ctx;
struct tone_state_s;
typedef struct tone_state_s tone_state;
typedef void * tone_stream;
typedef int32_t tone_token;
typedef tone_token tone_row[TONE_ROWS * 2];
enum tone_status { TONE_OK, TONE_BAD = -1, TONE_FLAG = 1 << 3, TONE_HEX = 0x10, TONE_NEXT, TONE_ALIAS = TONE_HEX };
typedef enum { TONE_A = 'a', TONE_MOST = ~0u } tone_mode;
enum { TONE_LIMIT = 512, TONE_UNKNOWN = sizeof(int) };

typedef bool (*tone_progress)(tone_ctx * ctx, float part, const char * step, void * data);
typedef float (*tone_curve)(int x);
typedef int tone_function(int x);

typedef struct { float * samples; size_t n; char name[16]; } tone_audio;
typedef struct tone_params {
    int32_t threads;
    bool gpu;
    const char * language;
    tone_mode mode;
    struct { int best_of; float patience; } search;
    struct { int8_t low; };
    int (*rows)[4];
    int * columns[TONE_ROWS];
    double scale;
    tone_progress progress;
    void * progress_data;
    bool (*stop)(void * data);
    unsigned char type; /* a keyword of Go */
    int a_b, aB;
} tone_params;
struct tone_pair { int32_t left; int64_t right; };
struct tone_point { float x, y; };
struct tone_mixed { float x; int32_t n; };
struct tone_medium { int64_t a, b, c; double d; };
struct tone_wide { double values[20]; };
typedef struct { unsigned int flag : 1; } tone_bits;
typedef union { int i; float f; } tone_value;
struct tone_packed { char c; int i; } __attribute__((packed));
struct tone_holds { tone_value value; };
struct tone_open { int n; float rest[]; };

/* Defaults. */
tone_params tone_default_params(void);
/* Loads a model.
 *
 * NULL when it cannot. */
tone_ctx * tone_load(const char * path, const tone_params * params);
void tone_free(tone_ctx * ctx);
// Text of the call.
// The caller must free it with tone_free_text.
char * tone_text(const tone_ctx * ctx, const float * pcm, size_t n);
void tone_free_text(const char * text);
const char * tone_version(void);
enum tone_status tone_open_state(tone_ctx * ctx, tone_state ** out, const char * const * names, unsigned long long seed);
void tone_close_state(tone_state * state);
int tone_run(tone_ctx * ctx, tone_audio * out, tone_progress progress, void * data);
int tone_run_curve(tone_curve curve);
int64_t tone_sum_pair(struct tone_pair pair);
struct tone_pair tone_make_pair(int32_t left, int64_t right);
double tone_sum_medium(int first, struct tone_medium medium, int last);
struct tone_medium tone_make_medium(int64_t a, double d);
float tone_length(struct tone_point point);
struct tone_point tone_half(struct tone_point point);
size_t tone_check(const char * word, tone_params params, uint8_t last);
double tone_many(int8_t a, uint16_t b, long c, unsigned d, float e, double f, bool g, tone_token h, intptr_t i, const void * j);
tone_stream tone_stream_open(void);
void tone_stream_close(tone_stream stream);
int tone_rows(tone_value * value, tone_bits * bits, const tone_row row, int rows[4], const unsigned char * bytes);
__attribute__((deprecated)) int tone_old(tone_ctx * ctx);
int type(int func, int string, int, int func_);
int tone_frees(void);

/* Not to be bound. */
int tone_log(const char * format, ...);
int tone_vlog(const char * format, va_list arguments);
void tone_dump(FILE * file);
void tone_dump_to(FILE ** file);
long double tone_exact(void);
double tone_wider(struct tone_wide values);
double tone_wider_p(const struct tone_wide * values);
float tone_mix(struct tone_mixed mixed);
int tone_use_value(tone_value value);
int tone_use_bits(tone_bits bits);
int tone_use_packed(struct tone_packed packed);
int tone_use_holds(struct tone_holds holds);
int tone_use_ctx(struct tone_ctx ctx);
int tone_use_elsewhere(max_align_t value);
int tone_sixteen(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, int k, int l, int m, int n, int o, int p);
int tone_late_pair(int a, int b, int c, int d, int e, struct tone_pair pair);
int tone_ünicode(int a);
int (*tone_callback(void))(int);
static inline int tone_private(int a) { return a; }

#ifdef __cplusplus
}
#endif
#endif
