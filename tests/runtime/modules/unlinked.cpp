// A shared library that uses what nobody gives it.

extern "C" int given_by_nobody();
extern "C" int answer_of_nobody();

extern "C" int answer_of_nobody() {
  return given_by_nobody();
}
