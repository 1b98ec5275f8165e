# The Debian package, made by scripts/package: what cmake --install installs, for /usr, and what stage.cmake adds.
set(CPACK_GENERATOR DEB)
set(CPACK_SOURCE_GENERATOR "")
set(CPACK_PACKAGE_NAME mqttcan)
set(CPACK_PACKAGE_VENDOR "The mqttcan authors")
set(CPACK_PACKAGE_CONTACT "The mqttcan authors <maintainers@mqttcan.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "remote CAN buses as local interfaces, through any MQTT broker")
set(CPACK_PACKAGE_DESCRIPTION
"A CAN bus in one place as a network interface in another: the daemon creates
virtual CAN interfaces (vcan, vxcan), keeps them and its connections to MQTT
brokers up, and bridges both. It speaks the format of PyMQTT2CAN and SavvyCAN,
so either can be the other end.
.
Nothing is lost uncounted, and frames that waited too long are dropped, not
written late.")

# With DESTDIR the installation sees its prefix, which the units name, as /usr.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/stage.cmake)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# iproute2 removes the interfaces when the package is purged; sysusers makes the user.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "iproute2, systemd | systemd-sysusers")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "can-utils, mosquitto")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
foreach(file IN ITEMS postinst prerm postrm conffiles)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/${file})
endforeach()
include(CPack)
