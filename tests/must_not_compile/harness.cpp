// Shows that the harness sees a mistake, and only the one that is announced.

// case 1: invalid conversion from 'const char\*' to 'int'

#ifndef WEFT_CASE
#define WEFT_CASE 0
#endif

int answer() {
#if WEFT_CASE == 1
  return "forty-two";
#else
  return 42;
#endif
}
