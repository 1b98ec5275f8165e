# Run by CPack when all files are in the package's tree: what only a Debian package has, and what Debian wants otherwise.
# cmake --install leaves none of it.
set(root "${CPACK_TEMPORARY_DIRECTORY}")
set(doc "${root}/usr/share/doc/mqttcan")
set(debian "${CMAKE_CURRENT_LIST_DIR}")

# Not file(INSTALL): it would put DESTDIR, the tree, before the tree.
file(COPY "${debian}/mqttcan.json" DESTINATION "${root}/etc")
file(MAKE_DIRECTORY "${root}/usr/share/lintian/overrides")
configure_file("${debian}/lintian-overrides" "${root}/usr/share/lintian/overrides/mqttcan" COPYONLY)

# The license's text once, from its one source, as the copyright format wants it: indented, empty lines as dots.
file(READ "${debian}/../../LICENSE" text)
string(REGEX REPLACE "^.*\nPermission" "Permission" text "${text}")
string(STRIP "${text}" text)
string(REPLACE "\n\n" "\n.\n" text "${text}")
string(REPLACE "\n" "\n " text "${text}")
file(READ "${debian}/copyright" copyright)
file(WRITE "${doc}/copyright" "${copyright} ${text}\n")

# The log of changes is one; Debian's names what it packages.
file(RENAME "${doc}/CHANGELOG.md" "${doc}/changelog")
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
set(version "${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}")
file(WRITE "${doc}/changelog.Debian" "mqttcan (${version}) unstable; urgency=medium

  * As released: see changelog.gz.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
file(GLOB pages "${root}/usr/share/man/man*/*")
execute_process(COMMAND gzip -9nf ${pages} "${doc}/changelog" "${doc}/changelog.Debian" COMMAND_ERROR_IS_FATAL ANY)

# Whatever the umask of whoever packages it.
execute_process(COMMAND chmod -R u=rwX,go=rX "${root}" COMMAND_ERROR_IS_FATAL ANY)
