/* SPDX-License-Identifier: MIT */
/*
 * regfile.h - the registry saved as text and loaded from it.
 *
 * Roots: HKEY_LOCAL_MACHINE is \Registry\Machine, HKEY_USERS \Registry\User, HKEY_CLASSES_ROOT
 * HKEY_LOCAL_MACHINE\Software\Classes, HKEY_CURRENT_USER HKEY_USERS\.DEFAULT, HKEY_CURRENT_CONFIG
 * ...\CurrentControlSet\Hardware Profiles\Current.
 */
#ifndef NTIO_CM_REGFILE_H
#define NTIO_CM_REGFILE_H

#include "ntio/cm/cm.h"
#include "ntio/cm/regtext.h"

/*
 * Reads a text into the registry. It is read once to the end before anything of it is done: a fault
 * in it changes nothing. Keys that are to be deleted need not be there. Reason (Size bytes; may be
 * NULL) gets one sentence on failure. PASSIVE_LEVEL.
 */
NTSTATUS CmpLoadText(const VOID *Text, SIZE_T Bytes, char *Reason, size_t Size);
/*
 * Writes the key at Path (an NT path) and all below, as they are at one moment; keys that do not
 * outlive the boot (volatile ones, and links such as CurrentControlSet) are left out. RegTextFree
 * Out. STATUS_OBJECT_NAME_NOT_FOUND; STATUS_OBJECT_NAME_INVALID: a name with an end of line or a
 * zero in it, which such a text can't have. PASSIVE_LEVEL.
 */
NTSTATUS CmpSaveText(const WCHAR *Path, REGTEXT_OUT *Out, char *Reason, size_t Size);

#endif
