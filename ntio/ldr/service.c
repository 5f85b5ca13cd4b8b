/* SPDX-License-Identifier: MIT */
/* service.c - services: from a key below Services to a driver that runs. */
#include "ntio/ldr/ldrp.h"

#include <stdio.h>

#define LDRP_SERVICES       L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\"
#define LDRP_NAME_MAXIMUM   256
#define LDRP_PATH_MAXIMUM   4096
#define LDRP_KEY_CHARACTERS (RTL_NUMBER_OF(LDRP_SERVICES) + LDRP_NAME_MAXIMUM)

#define LDRP_TYPE_KERNEL      1
#define LDRP_TYPE_FILE_SYSTEM 2
#define LDRP_TYPE_RECOGNIZER  8
#define LDRP_START_DISABLED   4

/* What a service's key says. */
typedef struct _LDRP_SERVICE {
    WCHAR Key[LDRP_KEY_CHARACTERS];
    char Name[LDRP_NAME_MAXIMUM * 3 + 1];
    char ImagePath[LDRP_PATH_MAXIMUM]; /* empty: not given */
} LDRP_SERVICE;

static BOOLEAN LdrpIsServiceName(const WCHAR *Name)
{
    SIZE_T Length = NtCrt_wcsnlen(Name, LDRP_NAME_MAXIMUM + 1);
    return Length != 0 && Length <= LDRP_NAME_MAXIMUM && NtCrt_wcschr(Name, L'\\') == NULL &&
           NtCrt_wcschr(Name, L'/') == NULL;
}

/* UTF-8 of a terminated string; FALSE where it does not fit or is no UTF-16. */
static BOOLEAN LdrpToUtf8(const WCHAR *Wide, char *Text, size_t Size)
{
    ULONG Bytes = 0;
    NTSTATUS Status = RtlUnicodeToUTF8N(Text, (ULONG)Size - 1, &Bytes, Wide,
                                        (ULONG)(NtCrt_wcslen(Wide) * sizeof(WCHAR)));
    Text[Status == STATUS_SUCCESS ? Bytes : 0] = '\0';
    return Status == STATUS_SUCCESS;
}

static NTSTATUS LdrpReadService(const WCHAR *ServiceName, LDRP_SERVICE *Service, char *Reason,
                                size_t Size)
{
    ULONG Value = 0;
    WCHAR *Path;

    if (!LdrpIsServiceName(ServiceName) ||
        !LdrpToUtf8(ServiceName, Service->Name, sizeof(Service->Name)))
        return LdrpSay(Reason, Size, STATUS_OBJECT_NAME_INVALID,
                       "that is not a name for a service");
    NtCrt_wcscpy(Service->Key, LDRP_SERVICES);
    NtCrt_wcscat(Service->Key, ServiceName);
    if (!CmpKeyExists(Service->Key))
        return LdrpSay(Reason, Size, STATUS_OBJECT_NAME_NOT_FOUND, "there is no service %s",
                       Service->Name);
    if (!NT_SUCCESS(CmpQueryUlong(Service->Key, L"Type", &Value)) ||
        (Value != LDRP_TYPE_KERNEL && Value != LDRP_TYPE_FILE_SYSTEM &&
         Value != LDRP_TYPE_RECOGNIZER))
        return LdrpSay(Reason, Size, STATUS_ILL_FORMED_SERVICE_ENTRY,
                       "service %s is not a driver's", Service->Name);
    if (NT_SUCCESS(CmpQueryUlong(Service->Key, L"Start", &Value)) && Value == LDRP_START_DISABLED)
        return LdrpSay(Reason, Size, STATUS_PLUGPLAY_NO_DEVICE, "service %s is disabled",
                       Service->Name);
    Service->ImagePath[0] = '\0';
    NTSTATUS Status = CmpQueryString(Service->Key, L"ImagePath", &Path);
    if (Status == STATUS_OBJECT_NAME_NOT_FOUND)
        return STATUS_SUCCESS;
    if (!NT_SUCCESS(Status))
        return LdrpSay(Reason, Size, Status, "the ImagePath of service %s is not a string",
                       Service->Name);
    BOOLEAN Fits = LdrpToUtf8(Path, Service->ImagePath, sizeof(Service->ImagePath));
    ExFreePool(Path);
    if (!Fits)
        return LdrpSay(Reason, Size, STATUS_NAME_TOO_LONG,
                       "the ImagePath of service %s is too long", Service->Name);
    return STATUS_SUCCESS;
}

static NTSTATUS LdrpStart(const WCHAR *ServiceName, LDRP_SERVICE *Service, char *File, char *Reason,
                          size_t Size)
{
    IOP_DRIVER_IMAGE Image;
    PDRIVER_OBJECT Driver;

    NTSTATUS Status = LdrpReadService(ServiceName, Service, Reason, Size);
    if (!NT_SUCCESS(Status))
        return Status;
    Driver = IopFindDriver(ServiceName);
    if (Driver != NULL) {
        ObDereferenceObject(Driver);
        return LdrpSay(Reason, Size, STATUS_IMAGE_ALREADY_LOADED, "service %s is started already",
                       Service->Name);
    }
    Status = LdrpFindFile(Service->ImagePath, Service->Name, File, LDRP_PATH_MAXIMUM, Reason, Size);
    if (NT_SUCCESS(Status))
        Status = LdrLoadImage(File, &Image, Reason, Size);
    if (!NT_SUCCESS(Status))
        return Status;
    /* From here on the image is the I/O manager's; on failure it has released it. */
    Status = IopCreateDriver(ServiceName, &Image, &Driver);
    /* The same status from a DriverEntry speaks of some other name. */
    if (Status == STATUS_OBJECT_NAME_COLLISION && (Driver = IopFindDriver(ServiceName)) != NULL) {
        ObDereferenceObject(Driver);
        return LdrpSay(Reason, Size, STATUS_IMAGE_ALREADY_LOADED, "service %s is started already",
                       Service->Name);
    }
    if (!NT_SUCCESS(Status))
        return LdrpSay(Reason, Size, Status, "DriverEntry of %s failed with status 0x%08x",
                       Service->Name, (unsigned)Status);
    return STATUS_SUCCESS;
}

NTSTATUS LdrStartService(const WCHAR *ServiceName, char *Reason, size_t Size)
{
    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    /* Too large for the stack of a thread that a driver made. */
    LDRP_SERVICE *Service = ExAllocatePoolWithTag(PagedPool, sizeof(*Service), 'pRdL');
    char *File = ExAllocatePoolWithTag(PagedPool, LDRP_PATH_MAXIMUM, 'pRdL');
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;
    if (Service != NULL && File != NULL)
        Status = LdrpStart(ServiceName, Service, File, Reason, Size);
    else
        LdrpSay(Reason, Size, Status, "out of memory");
    if (File != NULL)
        ExFreePoolWithTag(File, 'pRdL');
    if (Service != NULL)
        ExFreePoolWithTag(Service, 'pRdL');
    return Status;
}

NTSTATUS LdrStopService(const WCHAR *ServiceName)
{
    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (!LdrpIsServiceName(ServiceName))
        return STATUS_OBJECT_NAME_INVALID;
    PDRIVER_OBJECT Driver = IopFindDriver(ServiceName);
    if (Driver == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    NTSTATUS Status = IopUnloadDriver(Driver);
    ObDereferenceObject(Driver);
    return Status;
}

/* \Registry\...\Services\Name -> Name, terminated, from paged pool. */
static NTSTATUS LdrpServiceOfKey(PUNICODE_STRING Key, WCHAR **Name)
{
    ULONG Characters = Key->Length / sizeof(WCHAR), Start = 0;
    for (ULONG i = 0; i < Characters; i++) {
        if (Key->Buffer[i] == L'\\')
            Start = i + 1;
    }
    if (Start == Characters || Characters - Start > LDRP_NAME_MAXIMUM)
        return STATUS_OBJECT_NAME_INVALID;
    *Name = ExAllocatePoolWithTag(PagedPool, (Characters - Start + 1) * sizeof(WCHAR), 'pRdL');
    if (*Name == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(*Name, Key->Buffer + Start, (Characters - Start) * sizeof(WCHAR));
    (*Name)[Characters - Start] = 0;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwLoadDriver(PUNICODE_STRING DriverServiceName)
{
    char Reason[512];
    WCHAR *Name;
    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    NTSTATUS Status = LdrpServiceOfKey(DriverServiceName, &Name);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = LdrStartService(Name, Reason, sizeof(Reason));
    if (!NT_SUCCESS(Status))
        DbgPrint("ntio: %s\n", Reason); /* a status tells little of a file that does not load */
    ExFreePoolWithTag(Name, 'pRdL');
    return Status;
}

NTSTATUS NTAPI ZwUnloadDriver(PUNICODE_STRING DriverServiceName)
{
    WCHAR *Name;
    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    NTSTATUS Status = LdrpServiceOfKey(DriverServiceName, &Name);
    if (!NT_SUCCESS(Status))
        return Status;
    PDRIVER_OBJECT Driver = IopFindDriver(Name);
    ExFreePoolWithTag(Name, 'pRdL');
    if (Driver == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    Status = IopRequestUnload(Driver);
    ObDereferenceObject(Driver);
    return Status == STATUS_PENDING ? STATUS_SUCCESS : Status; /* it goes with the last close */
}
