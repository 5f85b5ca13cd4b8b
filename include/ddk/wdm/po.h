/* SPDX-License-Identifier: MIT */
/* wdm/po.h - the power manager. */
#ifndef NTIO_DDK_WDM_PO_H
#define NTIO_DDK_WDM_PO_H

#include "irp.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef VOID NTAPI REQUEST_POWER_COMPLETE(PDEVICE_OBJECT DeviceObject, UCHAR MinorFunction,
                                          POWER_STATE PowerState, PVOID Context,
                                          PIO_STATUS_BLOCK IoStatus);
typedef REQUEST_POWER_COMPLETE *PREQUEST_POWER_COMPLETE;
typedef NTSTATUS NTAPI POWER_SETTING_CALLBACK(LPCGUID SettingGuid, PVOID Value, ULONG ValueLength,
                                              PVOID Context);
typedef POWER_SETTING_CALLBACK *PPOWER_SETTING_CALLBACK;

/* Passes a power IRP down; since Vista the same as IoCallDriver. [<=DISPATCH] */
NTKERNELAPI NTSTATUS NTAPI PoCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp);
/* Nothing since Vista; drivers still call it. */
NTKERNELAPI VOID NTAPI PoStartNextPowerIrp(PIRP Irp);
/* Sends a query, set or wait-wake to the top of the stack; STATUS_PENDING. [<=DISPATCH] */
NTKERNELAPI NTSTATUS NTAPI PoRequestPowerIrp(PDEVICE_OBJECT DeviceObject, UCHAR MinorFunction,
                                             POWER_STATE PowerState,
                                             PREQUEST_POWER_COMPLETE CompletionFunction,
                                             PVOID Context, PIRP *Irp);
/* Tells the new state; the one before. */
NTKERNELAPI POWER_STATE NTAPI PoSetPowerState(PDEVICE_OBJECT DeviceObject, POWER_STATE_TYPE Type,
                                              POWER_STATE State);
NTKERNELAPI VOID NTAPI PoSetSystemState(EXECUTION_STATE Flags);
NTKERNELAPI PVOID NTAPI PoRegisterSystemState(PVOID StateHandle, EXECUTION_STATE Flags);
NTKERNELAPI VOID NTAPI PoUnregisterSystemState(PVOID StateHandle);
/*
 * SET_POWER for State is sent when the device was idle for so many seconds (0: never; -1: as the
 * power plan says for disks and mass storage). The counter for PoSetDeviceBusy; NULL: not watched.
 * Valid until the device is deleted. [<DISPATCH]
 */
NTKERNELAPI PULONG NTAPI PoRegisterDeviceForIdleDetection(PDEVICE_OBJECT DeviceObject,
                                                          ULONG ConservationIdleTime,
                                                          ULONG PerformanceIdleTime,
                                                          DEVICE_POWER_STATE State);
/* The device is in use: its countdown begins again. A plain store, as in Windows' header. [any] */
#define PoSetDeviceBusy(p) __atomic_store_n((p), 0, __ATOMIC_RELAXED)
NTKERNELAPI VOID NTAPI PoSetDeviceBusyEx(PULONG IdlePointer);
/* In use from the one to the other: no countdown meanwhile. [any] */
NTKERNELAPI VOID NTAPI PoStartDeviceBusy(PULONG IdlePointer);
NTKERNELAPI VOID NTAPI PoEndDeviceBusy(PULONG IdlePointer);
NTKERNELAPI NTSTATUS NTAPI PoRegisterPowerSettingCallback(PDEVICE_OBJECT DeviceObject,
                                                          LPCGUID SettingGuid,
                                                          PPOWER_SETTING_CALLBACK Callback,
                                                          PVOID Context, PVOID *Handle);
NTKERNELAPI NTSTATUS NTAPI PoUnregisterPowerSettingCallback(PVOID Handle);
NTKERNELAPI BOOLEAN NTAPI PoGetSystemWake(PIRP Irp);
NTKERNELAPI VOID NTAPI PoSetSystemWake(PIRP Irp);

#ifdef __cplusplus
}
#endif

#endif
