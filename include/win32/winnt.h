/* SPDX-License-Identifier: MIT */
/*
 * winnt.h - what programs share with the system: access rights, file attributes, wait results.
 *
 * Names that ddk/wdm/ob.h has too are spelt as there, to the letter, so that ntio's own sources may
 * see both: no clang-format here. Source: MS docs, "Access mask format", "File access rights
 * constants".
 */
#ifndef NTIO_WIN32_WINNT_H
#define NTIO_WIN32_WINNT_H

#include "windef.h"

#ifdef UNICODE
typedef WCHAR TCHAR, *PTCHAR, *PTSTR, *LPTSTR;
typedef const WCHAR *PCTSTR, *LPCTSTR;
#define NTIO_WIN32_TEXT_(s) L##s
#else
typedef char TCHAR, *PTCHAR, *PTSTR, *LPTSTR;
typedef const char *PCTSTR, *LPCTSTR;
#define NTIO_WIN32_TEXT_(s) s
#endif
#define TEXT(s) NTIO_WIN32_TEXT_(s)

/* clang-format off */
#define DELETE 0x00010000
#define READ_CONTROL 0x00020000
#define WRITE_DAC 0x00040000
#define WRITE_OWNER 0x00080000
#define SYNCHRONIZE 0x00100000
#define STANDARD_RIGHTS_REQUIRED 0x000f0000
#define STANDARD_RIGHTS_READ READ_CONTROL
#define STANDARD_RIGHTS_WRITE READ_CONTROL
#define STANDARD_RIGHTS_EXECUTE READ_CONTROL
#define STANDARD_RIGHTS_ALL 0x001f0000
#define SPECIFIC_RIGHTS_ALL 0x0000ffff
#define MAXIMUM_ALLOWED 0x02000000
#define GENERIC_READ 0x80000000
#define GENERIC_WRITE 0x40000000
#define GENERIC_EXECUTE 0x20000000
#define GENERIC_ALL 0x10000000

#define EVENT_MODIFY_STATE 0x0002
#define EVENT_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x3)
#define SEMAPHORE_MODIFY_STATE 0x0002
#define SEMAPHORE_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x3)
#define MUTANT_QUERY_STATE 0x0001
#define MUTANT_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | MUTANT_QUERY_STATE)
#define MUTEX_MODIFY_STATE MUTANT_QUERY_STATE
#define MUTEX_ALL_ACCESS MUTANT_ALL_ACCESS
#ifndef THREAD_ALL_ACCESS
#define THREAD_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0xffff)
#endif
#define MAXIMUM_WAIT_OBJECTS 64
/* clang-format on */

/* FILE_SHARE_READ, FILE_ATTRIBUTE_NORMAL and the like, and the codes of NTSTATUS. */
#include "../ddk/ntstatus.h"
#include "../ddk/wdm/filetypes.h"

#endif
