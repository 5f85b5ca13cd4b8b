/* SPDX-License-Identifier: MIT */
/* minwinbase.h - structures and constants that the API headers share. */
#ifndef NTIO_WIN32_MINWINBASE_H
#define NTIO_WIN32_MINWINBASE_H

#include "winnt.h"

#define INVALID_HANDLE_VALUE ((HANDLE)(LONG_PTR)-1)
#define INFINITE             0xFFFFFFFF

#define WAIT_OBJECT_0      0x00000000
#define WAIT_ABANDONED     0x00000080
#define WAIT_ABANDONED_0   0x00000080
#define WAIT_IO_COMPLETION 0x000000C0
#define WAIT_FAILED        0xFFFFFFFF
#define STILL_ACTIVE       0x00000103

typedef struct _SECURITY_ATTRIBUTES {
    DWORD nLength;
    LPVOID lpSecurityDescriptor;
    BOOL bInheritHandle;
} SECURITY_ATTRIBUTES, *PSECURITY_ATTRIBUTES, *LPSECURITY_ATTRIBUTES;

/*
 * One request in flight. Internal and InternalHigh are the request's IO_STATUS_BLOCK. An event
 * whose handle has its lowest bit set is signalled, but nothing is queued to a completion port.
 */
typedef struct _OVERLAPPED {
    ULONG_PTR Internal;
    ULONG_PTR InternalHigh;
    union {
        struct {
            DWORD Offset;
            DWORD OffsetHigh;
        };
        PVOID Pointer;
    };
    HANDLE hEvent;
} OVERLAPPED, *LPOVERLAPPED;

typedef struct _OVERLAPPED_ENTRY {
    ULONG_PTR lpCompletionKey;
    LPOVERLAPPED lpOverlapped;
    ULONG_PTR Internal;
    DWORD dwNumberOfBytesTransferred;
} OVERLAPPED_ENTRY, *LPOVERLAPPED_ENTRY;

#define HasOverlappedIoCompleted(o)                                                                \
    ((LONG)__atomic_load_n(&(o)->Internal, __ATOMIC_ACQUIRE) != STATUS_PENDING)

/* Called on the thread that asked, in an alertable wait. Error is a Win32 code (0: success). */
typedef VOID(WINAPI *LPOVERLAPPED_COMPLETION_ROUTINE)(DWORD Error, DWORD Bytes,
                                                      LPOVERLAPPED Overlapped);
typedef DWORD(WINAPI *PTHREAD_START_ROUTINE)(LPVOID Parameter);
typedef PTHREAD_START_ROUTINE LPTHREAD_START_ROUTINE;

#endif
