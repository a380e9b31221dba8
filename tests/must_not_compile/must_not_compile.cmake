# Compiles FILE with WEFT_CASE=NUMBER and fails unless the compiler refuses it with a message that
# matches EXPECTED.
cmake_minimum_required(VERSION 3.25)
list(REMOVE_ITEM INCLUDES "") # What a generator expression left out.
list(TRANSFORM DEFINITIONS PREPEND -D)
list(TRANSFORM INCLUDES PREPEND -I)
set(ENV{LC_ALL} C) # Messages in plain English with plain quotes.
execute_process(
  COMMAND ${COMPILER} -std=c++20 -fsyntax-only -fdiagnostics-color=never -DWEFT_CASE=${NUMBER}
    ${DEFINITIONS} ${INCLUDES} ${FILE}
  RESULT_VARIABLE status ERROR_VARIABLE message)
if(status EQUAL 0)
  message(FATAL_ERROR "${FILE} compiles with mistake ${NUMBER}, which nothing caught.")
endif()
if(NOT message MATCHES "${EXPECTED}")
  message(FATAL_ERROR "Mistake ${NUMBER} was refused, but not with '${EXPECTED}':\n${message}")
endif()
