# Every module of emo_music_ros/nodes has a main(); those that start with an underscore are shared
# code. One template makes all executables.

set(python_line "#!${Python3_EXECUTABLE}")

function(install_executable name module destination)
  set(name "${name}")
  set(module "${module}")
  set(script "${CMAKE_CURRENT_BINARY_DIR}/executables/${destination}/${name}")
  configure_file(cmake/executable.py.in "${script}" @ONLY)
  install(PROGRAMS "${script}" DESTINATION "${destination}")
endfunction()

file(GLOB nodes RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}/${PROJECT_NAME}/nodes" CONFIGURE_DEPENDS
  "${PROJECT_NAME}/nodes/[a-z]*.py")
foreach(node IN LISTS nodes)
  string(REGEX REPLACE "\\.py$" "" node "${node}")
  install_executable("${node}" "${PROJECT_NAME}.nodes.${node}" "lib/${PROJECT_NAME}")
endforeach()
install_executable("emo-music" "${PROJECT_NAME}.cli" "bin")
