/* SPDX-License-Identifier: MIT */
/*
 * securitybaseapi.h - the security descriptor of an open object. A file below a device is its
 * driver's to answer for; everything else has an empty one here, which lets everybody in.
 */
#ifndef NTIO_WIN32_SECURITYBASEAPI_H
#define NTIO_WIN32_SECURITYBASEAPI_H

#include "minwinbase.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef OWNER_SECURITY_INFORMATION
#define OWNER_SECURITY_INFORMATION 0x00000001
#define GROUP_SECURITY_INFORMATION 0x00000002
#define DACL_SECURITY_INFORMATION  0x00000004
#define SACL_SECURITY_INFORMATION  0x00000008
#endif

/* A self-relative descriptor. ERROR_INSUFFICIENT_BUFFER, with the length that is needed;
 * ERROR_ACCESS_DENIED. */
WINBASEAPI BOOL WINAPI GetKernelObjectSecurity(HANDLE Handle,
                                               SECURITY_INFORMATION RequestedInformation,
                                               PSECURITY_DESCRIPTOR SecurityDescriptor,
                                               DWORD Length, LPDWORD LengthNeeded);
/* A self-relative one alone is taken. ERROR_NOT_SUPPORTED: the object is no file below a device. */
WINBASEAPI BOOL WINAPI SetKernelObjectSecurity(HANDLE Handle,
                                               SECURITY_INFORMATION SecurityInformation,
                                               PSECURITY_DESCRIPTOR SecurityDescriptor);

#ifdef __cplusplus
}
#endif
#endif
