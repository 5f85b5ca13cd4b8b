/* SPDX-License-Identifier: MIT */
/* report.c - devices that a driver found by itself and reports to the root bus. */
#include "ntio/pnp/pnpp.h"

/* The service name of a driver, terminated: DriverExtension has it with a length. */
static WCHAR *PnppServiceName(PDRIVER_OBJECT Driver)
{
    UNICODE_STRING *Name = &Driver->DriverExtension->ServiceKeyName;
    WCHAR *Copy = ExAllocatePoolWithTag(NonPagedPoolNx, Name->Length + sizeof(WCHAR), PNP_TAG);

    if (Copy != NULL) {
        memcpy(Copy, Name->Buffer, Name->Length);
        Copy[Name->Length / sizeof(WCHAR)] = 0;
    }
    return Copy;
}

/* The name of the bus as it stands in DETECTEDInternal\Driver; by INTERFACE_TYPE. */
static const WCHAR *PnppBusName(const CM_RESOURCE_LIST *Resources, INTERFACE_TYPE Type)
{
    static const WCHAR *const Names[] = {L"Internal",     L"Isa",          L"Eisa",
                                         L"MicroChannel", L"TurboChannel", L"PCIBus",
                                         L"VMEBus",       L"NuBus",        L"PCMCIABus"};

    if (Resources != NULL && Resources->Count > 0)
        Type = Resources->List[0].InterfaceType;
    return Type >= 0 && (ULONG)Type < RTL_NUMBER_OF(Names) ? Names[Type] : Names[0];
}

NTSTATUS NTAPI IoReportDetectedDevice(PDRIVER_OBJECT DriverObject, INTERFACE_TYPE LegacyBusType,
                                      ULONG BusNumber, ULONG SlotNumber,
                                      PCM_RESOURCE_LIST ResourceList,
                                      PIO_RESOURCE_REQUIREMENTS_LIST ResourceRequirements,
                                      BOOLEAN ResourceAssigned, PDEVICE_OBJECT *DeviceObject)
{
    PNP_CREATE_ACTION Create = {.Action.Run = PnpCreateRoutine,
                                .Device = *DeviceObject,
                                .Started = TRUE,
                                .Resources = ResourceList,
                                .Requirements = ResourceRequirements};
    WCHAR Ids[2 * MAX_DEVICE_ID_LEN + 64];
    WCHAR *Service;
    NTSTATUS Status;
    SIZE_T First;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    (void)BusNumber;
    (void)SlotNumber;
    (void)ResourceAssigned;
    Service = PnppServiceName(DriverObject);
    if (Service == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = STATUS_INVALID_PARAMETER;
    if (!PnpGoodName(Service))
        goto Exit;
    memset(Ids, 0, sizeof(Ids));
    PnpJoin(Ids, RTL_NUMBER_OF(Ids) - 1, L"DETECTED", PnppBusName(ResourceList, LegacyBusType),
            L"\\", Service, NULL);
    First = NtCrt_wcslen(Ids) + 1;
    PnpJoin(Ids + First, (ULONG)(RTL_NUMBER_OF(Ids) - 1 - First), L"DETECTED\\", Service, NULL);
    Create.Name = Create.Service = Service;
    Create.CompatibleIds = Ids;
    /* A driver calls this from DriverEntry or AddDevice, which may run on the worker: then its turn
     * is now. */
    if (PnpOnWorker()) {
        PnpCreateRoutine(&Create.Action);
        Status = Create.Action.Status;
    } else {
        Status = PnpRunAction(&Create.Action);
    }
    if (NT_SUCCESS(Status))
        *DeviceObject = Create.Device;
Exit:
    ExFreePool(Service);
    return Status;
}

/* IoReportRootDevice: nobody waits, the action frees itself. */
typedef struct _PNP_REPORT_ACTION {
    PNP_CREATE_ACTION Create;
    WCHAR Service[1];
} PNP_REPORT_ACTION;

static VOID PnppReportRoutine(PNP_ACTION *Action)
{
    PNP_REPORT_ACTION *Report = CONTAINING_RECORD(Action, PNP_REPORT_ACTION, Create.Action);
    WCHAR Key[PNP_PATH_CHARACTERS];

    /* One for each driver; a second report finds it there. */
    if (PnpJoin(Key, PNP_PATH_CHARACTERS, PNP_ENUM_KEY L"\\Root\\", Report->Service, L"\\0000",
                NULL) &&
        !CmpKeyExists(Key))
        PnpCreateRoutine(Action);
    ExFreePool(Report);
}

NTSTATUS NTAPI IoReportRootDevice(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING *Name = &DriverObject->DriverExtension->ServiceKeyName;
    PNP_REPORT_ACTION *Report;

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    Report = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Report) + Name->Length, PNP_TAG);
    if (Report == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memset(Report, 0, sizeof(*Report));
    memcpy(Report->Service, Name->Buffer, Name->Length);
    Report->Service[Name->Length / sizeof(WCHAR)] = 0;
    if (!PnpGoodName(Report->Service)) {
        ExFreePool(Report);
        return STATUS_INVALID_PARAMETER;
    }
    Report->Create.Action.Run = PnppReportRoutine;
    Report->Create.Name = Report->Create.Service = Report->Service;
    if (!PnpQueueAction(&Report->Create.Action)) {
        ExFreePool(Report);
        return STATUS_DEVICE_NOT_READY;
    }
    return STATUS_SUCCESS;
}
