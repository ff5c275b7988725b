# The models, and a choice: those whose corpora are for research only can be left out. Nodes then
# say which one is missing and how it is trained; its card stays. What needs a licence and has one
# is in models/licences and in package.xml.

option(RESEARCH_WEIGHTS "Install the weights that are for research only" ON)

# As their cards say.
set(research_models
  answers eeg eeg_eegnet face face_large fusion music music_cnn music_forest physiology_states
  response speech text text_bigru)

set(left_out "")
if(NOT RESEARCH_WEIGHTS)
  foreach(model IN LISTS research_models)
    foreach(ending json npz onnx)
      list(APPEND left_out PATTERN "models/${model}.${ending}" EXCLUDE)
      list(APPEND earlier "${model}.${ending}")
    endforeach()
  endforeach()
  # What an earlier build installed; never through a link, which may lead to the sources.
  install(CODE "
    set(folder \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/share/${PROJECT_NAME}/models\")
    if(NOT IS_SYMLINK \"\${folder}\")
      foreach(name ${earlier})
        file(REMOVE \"\${folder}/\${name}\")
      endforeach()
    endif()")
endif()
install(DIRECTORY models DESTINATION share/${PROJECT_NAME} ${left_out})
