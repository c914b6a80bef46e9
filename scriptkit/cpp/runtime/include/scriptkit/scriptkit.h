/* The runtime for C, and through it for Fortran, C#, Java, Rust and whatever else calls C.
 *
 * Functions that may fail return NULL or a status other than 0; scriptkit_error() then says why, in words, for the
 * thread that called. No C++ exception leaves this interface. Everything named `..._free` takes NULL.
 * Handles are not shared between threads while they are changed; one model may be called by many threads at once.
 */
#ifndef SCRIPTKIT_H
#define SCRIPTKIT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32) && defined(SCRIPTKIT_SHARED)
#define SCRIPTKIT_API __declspec(dllexport)
#elif defined(__GNUC__)
#define SCRIPTKIT_API __attribute__((visibility("default")))
#else
#define SCRIPTKIT_API
#endif

typedef struct scriptkit_model scriptkit_model;
typedef struct scriptkit_values scriptkit_values; /* a list of values: arguments, or results */

enum scriptkit_dtype {
  SCRIPTKIT_UINT8 = 1, SCRIPTKIT_INT8 = 2, SCRIPTKIT_INT16 = 3, SCRIPTKIT_INT32 = 4, SCRIPTKIT_INT64 = 5,
  SCRIPTKIT_FLOAT16 = 6, SCRIPTKIT_FLOAT32 = 7, SCRIPTKIT_FLOAT64 = 8, SCRIPTKIT_BOOL = 12, SCRIPTKIT_BFLOAT16 = 13
};

enum scriptkit_kind {
  SCRIPTKIT_NONE, SCRIPTKIT_TRUTH, SCRIPTKIT_INTEGER, SCRIPTKIT_NUMBER, SCRIPTKIT_TEXT, SCRIPTKIT_TENSOR,
  SCRIPTKIT_LIST, SCRIPTKIT_TUPLE, SCRIPTKIT_DICT, SCRIPTKIT_RECORD
};

/* Why the last function that failed in this thread did; an empty text when none has. */
SCRIPTKIT_API const char* scriptkit_error(void);

/* `device` is "cpu", "cuda", "cuda:1"; NULL is "cpu". */
SCRIPTKIT_API scriptkit_model* scriptkit_load(const char* path, const char* device);
SCRIPTKIT_API void scriptkit_model_free(scriptkit_model* model);
SCRIPTKIT_API int scriptkit_train(scriptkit_model* model, int on);

/* How many threads one operator may use, in the whole process. */
SCRIPTKIT_API int scriptkit_set_threads(int threads);

SCRIPTKIT_API scriptkit_values* scriptkit_values_new(void);
SCRIPTKIT_API void scriptkit_values_free(scriptkit_values* values);

/* Append a value. A tensor is copied from memory in row-major order; `name` of an argument may be NULL. */
SCRIPTKIT_API int scriptkit_add_tensor(
    scriptkit_values* values, const char* name, const void* data, int dtype, const int64_t* sizes, int64_t dimensions);
SCRIPTKIT_API int scriptkit_add_integer(scriptkit_values* values, const char* name, int64_t value);
SCRIPTKIT_API int scriptkit_add_number(scriptkit_values* values, const char* name, double value);
SCRIPTKIT_API int scriptkit_add_truth(scriptkit_values* values, const char* name, int value);
SCRIPTKIT_API int scriptkit_add_text(scriptkit_values* values, const char* name, const char* value);
SCRIPTKIT_API int scriptkit_add_none(scriptkit_values* values, const char* name);

/* Append a container of all the values in `items` (which stay yours); their names are the keys of a dictionary. */
SCRIPTKIT_API int scriptkit_add_container(
    scriptkit_values* values, const char* name, int kind, const scriptkit_values* items);

/* Call a method, without recording gradients. The result is a list of one value, or of the items of a container. */
SCRIPTKIT_API scriptkit_values* scriptkit_call(
    const scriptkit_model* model, const char* method, const scriptkit_values* arguments);

SCRIPTKIT_API int64_t scriptkit_count(const scriptkit_values* values);
SCRIPTKIT_API int scriptkit_kind(const scriptkit_values* values, int64_t place); /* -1 when there is none */
SCRIPTKIT_API const char* scriptkit_name(const scriptkit_values* values, int64_t place); /* "" when it has none */

SCRIPTKIT_API int scriptkit_get_integer(const scriptkit_values* values, int64_t place, int64_t* value);
SCRIPTKIT_API int scriptkit_get_number(const scriptkit_values* values, int64_t place, double* value);
SCRIPTKIT_API int scriptkit_get_truth(const scriptkit_values* values, int64_t place, int* value);
SCRIPTKIT_API const char* scriptkit_get_text(const scriptkit_values* values, int64_t place);
SCRIPTKIT_API scriptkit_values* scriptkit_get_container(const scriptkit_values* values, int64_t place);

/* The shape of a tensor: the number of its dimensions, and as many sizes as there is room for; -1 on failure. */
SCRIPTKIT_API int64_t scriptkit_get_sizes(const scriptkit_values* values, int64_t place, int64_t* sizes, int64_t room);
SCRIPTKIT_API int scriptkit_get_dtype(const scriptkit_values* values, int64_t place); /* -1 on failure */

/* Copy a tensor to memory, in row-major order, converted to `dtype`; `room` is the number of elements there. */
SCRIPTKIT_API int scriptkit_get_tensor(
    const scriptkit_values* values, int64_t place, void* data, int dtype, int64_t room);

#ifdef __cplusplus
}
#endif

#endif
