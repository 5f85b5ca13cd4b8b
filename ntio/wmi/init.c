/* SPDX-License-Identifier: MIT */
/* init.c - the beginning and the end of wmi. */
#include "ntio/wmi/wmip.h"

NTSTATUS WmiInitializeSystem(VOID)
{
    WmipInitializeProviders();
    WmipInitializeNames();
    WmipInitializeEvents();
    VfAddAccountingSource("wmi", WmipAccountProviders);
    return WmipInitializeObjectType();
}

VOID WmiShutdownSystem(VOID)
{
    WmipForgetNames();
}
