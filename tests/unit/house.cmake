# SPDX-License-Identifier: Apache-2.0
# The rules of the house that a compiler doesn't know, over the sources as git lists them.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME house COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tests/house/house.py)
set_tests_properties(house PROPERTIES LABELS unit)
add_test(NAME complaints COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tests/house/complaints.py ${CMAKE_SOURCE_DIR})
set_tests_properties(complaints PROPERTIES LABELS unit)
add_test(NAME pages COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tests/house/pages.py ${CMAKE_SOURCE_DIR})
set_tests_properties(pages PROPERTIES LABELS unit)
