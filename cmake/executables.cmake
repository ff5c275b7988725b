# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
# Every module of emo_music_ros/nodes has a main(); those that start with an underscore are shared
# code. One template makes all executables.

# The kernel takes neither spaces nor long paths in a first line. There, a shell starts Python: the
# next two lines are a command for the shell and a string for Python.
string(LENGTH "${Python3_EXECUTABLE}" python_length)
if(python_length GREATER 120 OR Python3_EXECUTABLE MATCHES " ")
  set(first_line "#!/bin/sh\n'''exec' \"${Python3_EXECUTABLE}\" \"$0\" \"$@\"\n' '''")
else()
  set(first_line "#!${Python3_EXECUTABLE}")
endif()

function(install_executable name module destination)
  set(script "${CMAKE_CURRENT_BINARY_DIR}/executables/${destination}/${name}")
  configure_file(cmake/executable.py.in "${script}" @ONLY
    FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
      WORLD_READ WORLD_EXECUTE)
  install(PROGRAMS "${script}" DESTINATION "${destination}")
endfunction()

file(GLOB nodes RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}/${PROJECT_NAME}/nodes" CONFIGURE_DEPENDS
  "${PROJECT_NAME}/nodes/[a-z]*.py")
foreach(node IN LISTS nodes)
  string(REGEX REPLACE "\\.py$" "" node "${node}")
  install_executable("${node}" "${PROJECT_NAME}.nodes.${node}" "lib/${PROJECT_NAME}")
endforeach()
install_executable("companion" "${PROJECT_NAME}.commands.companion" "lib/${PROJECT_NAME}")
install_executable("emo-music" "${PROJECT_NAME}.cli" "bin")
