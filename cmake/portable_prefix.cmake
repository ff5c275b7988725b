# Copyright the emo_music_ros maintainers. SPDX-License-Identifier: Apache-2.0
# ROS 2 from wheels is built on another machine: its exported targets name folders and libraries
# that only existed there, and CMake refuses them. Drop what does not exist here; on an ordinary
# ROS installation everything exists and nothing happens.

function(drop_missing_paths)
  get_directory_property(targets IMPORTED_TARGETS)
  foreach(target IN LISTS targets)
    foreach(property INTERFACE_INCLUDE_DIRECTORIES INTERFACE_LINK_LIBRARIES)
      get_target_property(values ${target} ${property})
      if(NOT values)
        continue()
      endif()
      set(kept "")
      foreach(value IN LISTS values)
        if(IS_ABSOLUTE "${value}" AND NOT EXISTS "${value}")
          continue()
        endif()
        if(value STREQUAL "lttng-ust" AND NOT lttng_ust_library)
          continue()
        endif()
        list(APPEND kept "${value}")
      endforeach()
      set_target_properties(${target} PROPERTIES ${property} "${kept}")
    endforeach()
  endforeach()
endfunction()

find_library(lttng_ust_library lttng-ust)
mark_as_advanced(lttng_ust_library)
cmake_language(DEFER CALL drop_missing_paths)
