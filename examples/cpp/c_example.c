/* A model called from C, through scriptkit.h:  c_example MODEL.pt2
 * The model takes a matrix of 3 x 4 numbers and gives one. */
#include <stdio.h>

#include "scriptkit/scriptkit.h"

static int failed(const char* what) {
  fprintf(stderr, "%s: %s\n", what, scriptkit_error());
  return 1;
}

int main(int argc, char** argv) {
  float x[12], y[64];
  const int64_t sizes[] = {3, 4};
  for (int k = 0; k < 12; ++k) x[k] = (float)k / 10;
  scriptkit_model* model = scriptkit_load(argc > 1 ? argv[1] : "model.pt2", NULL);
  if (!model) return failed("load");
  scriptkit_values* arguments = scriptkit_values_new();
  if (scriptkit_add_tensor(arguments, NULL, x, SCRIPTKIT_FLOAT32, sizes, 2)) return failed("arguments");
  scriptkit_values* results = scriptkit_call(model, "forward", arguments);
  if (!results) return failed("call");
  int64_t shape[8], elements = 1;
  const int64_t dimensions = scriptkit_get_sizes(results, 0, shape, 8);
  for (int64_t d = 0; d < dimensions; ++d) elements *= shape[d];
  if (scriptkit_get_tensor(results, 0, y, SCRIPTKIT_FLOAT32, 64)) return failed("result");
  for (int64_t k = 0; k < elements; ++k) printf("%.6f\n", y[k]);
  scriptkit_values_free(results);
  scriptkit_values_free(arguments);
  scriptkit_model_free(model);
  return 0;
}
