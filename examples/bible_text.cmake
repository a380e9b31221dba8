# Writes the text of the King James Bible, one verse a line, to OUTPUT: PROGRAM is Debian's `bible`.
execute_process(COMMAND ${PROGRAM} -f gen1:1-rev22:21
  INPUT_FILE /dev/null OUTPUT_FILE ${OUTPUT} RESULT_VARIABLE status)
if(status)
  file(REMOVE ${OUTPUT})
  message(FATAL_ERROR "${PROGRAM} ended with ${status}; without it the text is weft's own licence.")
endif()
