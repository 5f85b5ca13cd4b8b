/* SPDX-License-Identifier: MIT */
/* rig.h - driver packages in a folder of their own, and what an installation left. */
#ifndef TESTS_UNIT_SETUP_RIG_H
#define TESTS_UNIT_SETUP_RIG_H

#include "tests/unit/setup/inftest.h"
#include "ntio/setup/setup.h"
#include "ntio/cm/cm.h"
#include "ntio/pnp/pnp.h"
#include "ntio.h"

#define CCS       L"\\Registry\\Machine\\System\\CurrentControlSet\\"
#define TOY_GUID  L"{12345678-1234-1234-1234-123456789abc}"
#define TOY_CLASS CCS L"Control\\Class\\" TOY_GUID

/* A fresh folder; package_path puts a name behind it. */
void rig_setup(void);
void rig_teardown(void);
const char *rig_path(const char *name); /* a static buffer, one of four */
void rig_write(const char *name, const char *text);
void rig_copy(const char *from, const char *name);
int rig_exists(const char *path);
char *rig_read(const char *path); /* malloc */

/* The toy driver's .so: from the command line. */
extern const char *rig_toy;

/* A package name.inf with driver service.sys (a copy of the toy) for id, below rig_path(name).
 * Extra goes behind everything, hw into [Install.NT.HW]'s AddReg section. */
void rig_package(const char *name, const char *service, const char *id, const char *version,
                 const char *hw, const char *extra);
/* Its .inf's path. */
const char *rig_inf(const char *name);

/* A root device with hardware ID id; its instance path in wide characters. */
void rig_device(const char *name, const char *id, WCHAR path[200]);
/* The drivers at the device, bottom up without the PDO's: "toyfilter toy". */
const char *rig_stack(const WCHAR *path);
PNP_STATE rig_state(const WCHAR *path, ULONG *problem);

void assert_string(const WCHAR *key, const WCHAR *name, const WCHAR *value);
void assert_number(const WCHAR *key, const WCHAR *name, ULONG value);
void assert_no_value(const WCHAR *key, const WCHAR *name);
/* Key of the device below Enum; a static buffer. */
const WCHAR *rig_enum(const WCHAR *path);

#endif
