/* SPDX-License-Identifier: MIT */
/* headers.c - a program's view: the API's headers, alone and beside libc's; no kernel routine in
 * sight. Compiled as C and as C++. */
#include <windows.h>
#include <winioctl.h>
#include <ntddscsi.h>
#include <ntddcdrm.h>
#include <initguid.h>
#include <ntddstor.h>
#include <ntstatus.h>
#include <setupapi.h>
#include <newdev.h>
#include <difxapi.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#if defined(IoCallDriver) || defined(NTIO_DDK_WDM_H) || defined(NTIO_DDK_WDM_IRP_H)
#error "a program sees the kernel"
#endif

C_ASSERT(sizeof(WCHAR) == 2);
C_ASSERT(sizeof(DWORD) == 4);
C_ASSERT(sizeof(LONG) == 4);
C_ASSERT(sizeof(HANDLE) == 8);
C_ASSERT(sizeof(OVERLAPPED) == 32);
C_ASSERT(FIELD_OFFSET(OVERLAPPED, hEvent) == 24);
C_ASSERT(sizeof(OVERLAPPED_ENTRY) == 32);
C_ASSERT(sizeof(SECURITY_ATTRIBUTES) == 24);
C_ASSERT(sizeof(FILETIME) == 8);
C_ASSERT(sizeof(SCSI_PASS_THROUGH_DIRECT) == 56);
C_ASSERT(sizeof(INFCONTEXT) == 24);
C_ASSERT(sizeof(SP_INF_INFORMATION) == 12);
C_ASSERT(sizeof(SP_DRVINFO_DATA_V1_W) == 0x610);
C_ASSERT(sizeof(SP_DRVINFO_DATA_V2_W) == 0x620 && sizeof(SP_DRVINFO_DATA_V2_A) == 0x320);
C_ASSERT(FIELD_OFFSET(SP_DRVINFO_DETAIL_DATA_W, HardwareID) == 1576);
C_ASSERT(sizeof(SP_DRVINSTALL_PARAMS) == 32);
C_ASSERT(IOCTL_SCSI_PASS_THROUGH_DIRECT == 0x4D014);
C_ASSERT(ERROR_IO_PENDING == 997 && ERROR_NO_SYSTEM_RESOURCES == 1450 && WAIT_TIMEOUT == 258);

int main(void)
{
    LPCTSTR name = TEXT("\\\\.\\Nobody");
    const GUID *guid = &GUID_DEVINTERFACE_CDROM;

    if (sizeof(*name) != sizeof(TCHAR) || guid->Data1 != 0x53f56308)
        return 1;
    /* Each macro leads to a routine that is there; nothing is booted, so none is called. */
    return (void *)CreateFile == (void *)CreateEvent;
}
