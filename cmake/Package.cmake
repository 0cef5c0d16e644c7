# What is installed where, and the Debian package: `cmake --build --preset release && cpack --config build/release/CPackConfig.cmake`.
# The version is that of project() in the top CMakeLists.txt.
include(GNUInstallDirs)
set(pages ${PROJECT_BINARY_DIR}/pages)
set(page_files)
foreach(page tocsin.1.gz tocsin.bash _tocsin tocsin.fish tocsin.yaml tocsin.schema.json
    changelog.Debian.gz CHANGELOG.md.gz tocsin.spdx.json)
  list(APPEND page_files ${pages}/${page})
endforeach()
add_custom_command(OUTPUT ${page_files}
  COMMAND ${PROJECT_SOURCE_DIR}/deploy/package/pages $<TARGET_FILE:tocsin> ${pages} ${PROJECT_VERSION}
  DEPENDS tocsin ${PROJECT_SOURCE_DIR}/deploy/package/pages ${PROJECT_SOURCE_DIR}/deploy/package/sbom
    ${PROJECT_SOURCE_DIR}/CHANGELOG.md VERBATIM)
add_custom_target(tocsin_pages ALL DEPENDS ${page_files})

install(TARGETS tocsin RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${pages}/tocsin.yaml DESTINATION /etc/tocsin)
install(FILES ${pages}/tocsin.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/tocsin)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/config/schemas DESTINATION ${CMAKE_INSTALL_DATADIR}/tocsin)
install(FILES ${PROJECT_SOURCE_DIR}/deploy/prometheus/tocsin.yaml
  DESTINATION ${CMAKE_INSTALL_DATADIR}/tocsin/prometheus)
# An example, so that nobody needs Python who does not want it.
install(FILES ${PROJECT_SOURCE_DIR}/deploy/sql/tables.sql ${PROJECT_SOURCE_DIR}/deploy/sql/views.sql
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/tocsin/examples/sql)
install(PROGRAMS ${PROJECT_SOURCE_DIR}/deploy/sql/sink
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/tocsin/examples/sql)
install(FILES ${PROJECT_SOURCE_DIR}/deploy/grafana/operation.json ${PROJECT_SOURCE_DIR}/deploy/grafana/news.json
  DESTINATION ${CMAKE_INSTALL_DATADIR}/tocsin/grafana)
install(FILES ${pages}/tocsin.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${pages}/tocsin.bash
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME tocsin)
install(FILES ${pages}/_tocsin DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${pages}/tocsin.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/NOTICE
  ${pages}/changelog.Debian.gz ${pages}/CHANGELOG.md.gz ${pages}/tocsin.spdx.json
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/tocsin)
install(FILES ${PROJECT_SOURCE_DIR}/deploy/package/copyright
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/tocsin)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/tocsin)
file(GLOB units ${PROJECT_SOURCE_DIR}/deploy/systemd/*.service)
install(FILES ${units} DESTINATION /lib/systemd/system)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME tocsin)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
  GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "deduplicates, tags and scores news from Kafka")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
  "Reads raw news articles from Kafka, drops copies, tags who and what they are
about, scores how much they escalate or calm tension and between whom, and
publishes enriched records, duplicates, alerts and dead letters, each input
exactly once.
.
The service starts when its configuration /etc/tocsin/tocsin.yaml names your
brokers and you enable tocsin.service.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The tocsin developers <tocsin@localhost.invalid>")
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "ca-certificates")
# Of examples/sql/sink.
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "python3-confluent-kafka, python3-psycopg2, python3-yaml")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/deploy/package/conffiles
  ${PROJECT_SOURCE_DIR}/deploy/package/postinst ${PROJECT_SOURCE_DIR}/deploy/package/prerm
  ${PROJECT_SOURCE_DIR}/deploy/package/postrm)
# The sources as they are in the tree, for a build without git: the target package_source.
set(CPACK_SOURCE_GENERATOR TGZ)
set(CPACK_SOURCE_PACKAGE_FILE_NAME tocsin-${PROJECT_VERSION})
set(CPACK_SOURCE_IGNORE_FILES "/\\\\.git/" "/\\\\.git$" "/build/" "/\\\\.cache/" "__pycache__")
include(CPack)
