# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
# The models, and a choice: those whose weights are for research only, as their cards say, can be left
# out. Nodes then say which one is missing and how it is trained; its card stays.

option(RESEARCH_WEIGHTS "Install the weights that are for research only" ON)

set(left_out "")
if(NOT RESEARCH_WEIGHTS)
  set(names "")
  file(GLOB cards CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/models/*.md")
  foreach(card IN LISTS cards)
    file(READ "${card}" text)
    # the first sentence of the section
    if(text MATCHES "\n## Licence[^\n]*\n+[^\n.]*[Rr]esearch only")
      get_filename_component(model "${card}" NAME_WE)
      foreach(ending json npz onnx)
        list(APPEND left_out PATTERN "models/${model}.${ending}" EXCLUDE)
        list(APPEND names "${model}.${ending}")
      endforeach()
    endif()
  endforeach()
  # What an earlier build installed; never through a link, which may lead to the sources.
  install(CODE "
    set(folder \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/share/${PROJECT_NAME}/models\")
    if(NOT IS_SYMLINK \"\${folder}\")
      foreach(name ${names})
        file(REMOVE \"\${folder}/\${name}\")
      endforeach()
    endif()")
endif()
install(DIRECTORY models DESTINATION share/${PROJECT_NAME} ${left_out})
