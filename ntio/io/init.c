/* SPDX-License-Identifier: MIT */
/* init.c - the component's beginning and end. */
#include "ntio/io/iop.h"

NTSTATUS IoInitializeSystem(VOID)
{
    NTSTATUS Status;

    InitializeListHead(&IopDriverList);
    IopForgetIrps();
    IopInitializeTimers();
    Status = IopInitializeDriverType();
    if (NT_SUCCESS(Status))
        Status = IopInitializeDeviceType();
    if (NT_SUCCESS(Status))
        Status = IopInitializeFileType();
    if (NT_SUCCESS(Status))
        Status = IopInitializePortType();
    if (!NT_SUCCESS(Status))
        return Status;
    PspThreadExitCallout = IopThreadExit;
    VfAddAccountingSource("io", IopAccount);
    return STATUS_SUCCESS;
}

VOID IoShutdownSystem(VOID)
{
    IopSendShutdownNotifications();
    IopUnloadAllDrivers();
    IopShutdownTimers();
    IopLastCloseCallout = NULL;
}
