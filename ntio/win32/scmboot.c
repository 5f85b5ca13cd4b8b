/* SPDX-License-Identifier: MIT */
/*
 * scmboot.c - the services that start with the system, in the order in which they start.
 *
 * First all of Start 0 (the boot loader's), then 1 (the I/O manager's), then 2 (the service control
 * manager's). Within each: the groups as Control\ServiceGroupOrder lists them, then those of no
 * such group; within a group the tags as Control\GroupOrderList has them for it, then those
 * without; else as in the registry. What a service depends on is started before it, whatever its
 * own Start is, unless it is disabled. Auto-start services that are delayed come last.
 *
 * Source: MS docs, "Specifying Driver Load Order", CreateService.
 */
#include "ntio/win32/scm.h"

#include <stdio.h>
#include <stdlib.h>

#define SCM_CONTROL L"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\"
#define SCM_LAST    MAXULONG /* the rank of what stands in no list */

typedef struct _BOOT_SERVICE {
    WCHAR Name[SCM_NAME_MAXIMUM + 1];
    ULONG Start, ErrorControl;
    BOOLEAN Delayed;
    ULONG Group, Tag, Index; /* ranks */
} BOOT_SERVICE;

typedef struct _BOOT_PLAN {
    BOOT_SERVICE *Services;
    ULONG Count, Room;
    WCHAR *Groups; /* ServiceGroupOrder's List */
    BOOLEAN OutOfMemory;
} BOOT_PLAN;

static ULONG RankInList(LPCWSTR List, LPCWSTR Name)
{
    ULONG Rank = 0;

    if (List == NULL || Name == NULL)
        return SCM_LAST;
    for (; *List != 0; List += NtCrt_wcslen(List) + 1, Rank++)
        if (ScmpSameName(List, Name))
            return Rank;
    return SCM_LAST;
}

/* GroupOrderList: a value for each group, REG_BINARY: a count, then as many tags in their order. */
static ULONG RankOfTag(LPCWSTR Group, ULONG Tag)
{
    ULONG Type, Bytes, Count, Rank = SCM_LAST;
    PVOID Data;

    if (Group == NULL || Tag == 0 ||
        !NT_SUCCESS(CmpQueryValue(SCM_CONTROL L"GroupOrderList", Group, &Type, &Data, &Bytes)))
        return SCM_LAST;
    if (Type == REG_BINARY && Bytes >= sizeof(ULONG)) {
        Count = *(ULONG *)Data;
        if (Count > Bytes / sizeof(ULONG) - 1)
            Count = Bytes / sizeof(ULONG) - 1;
        for (ULONG i = 0; i < Count && Rank == SCM_LAST; i++)
            if (((ULONG *)Data)[i + 1] == Tag)
                Rank = i;
    }
    ExFreePool(Data);
    return Rank;
}

static BOOLEAN Plan(LPCWSTR Name, PSCM_CONFIG Config, PVOID Context)
{
    BOOT_PLAN *Plan = Context;
    BOOT_SERVICE *Service;

    if (!Config->DeleteFlag &&
        (Config->Start > SERVICE_AUTO_START || (Config->Type & SERVICE_WIN32) != 0))
        return TRUE;
    if (Plan->Count == Plan->Room) {
        ULONG Room = Plan->Room != 0 ? 2 * Plan->Room : 16;
        BOOT_SERVICE *Larger = realloc(Plan->Services, Room * sizeof(*Larger));
        if (Larger == NULL) {
            Plan->OutOfMemory = TRUE;
            return FALSE;
        }
        Plan->Services = Larger;
        Plan->Room = Room;
    }
    Service = &Plan->Services[Plan->Count];
    NtCrt_wcscpy(Service->Name, Name);
    Service->Start = Config->DeleteFlag ? SERVICE_DISABLED : Config->Start;
    Service->ErrorControl = Config->ErrorControl;
    Service->Delayed = Config->Delayed && Config->Start == SERVICE_AUTO_START;
    Service->Group = RankInList(Plan->Groups, Config->Group);
    Service->Tag = RankOfTag(Config->Group, Config->Tag);
    Service->Index = Plan->Count++;
    return TRUE;
}

static int Compare(ULONG One, ULONG Other)
{
    return One < Other ? -1 : One > Other;
}

static int InOrder(const void *One, const void *Other)
{
    const BOOT_SERVICE *First = One, *Second = Other;
    int Order = Compare(First->Start, Second->Start);

    if (Order == 0)
        Order = Compare(First->Delayed, Second->Delayed);
    if (Order == 0)
        Order = Compare(First->Group, Second->Group);
    if (Order == 0)
        Order = Compare(First->Tag, Second->Tag);
    return Order != 0 ? Order : Compare(First->Index, Second->Index);
}

/* TRUE: the boot goes on. */
static BOOLEAN StartOne(const BOOT_SERVICE *Service, char *Reason, size_t Size)
{
    char Why[512] = "";
    PSCM_RECORD Record;
    DWORD Error;

    KiLock(&ScmLock);
    Error = ScmpOpenRecord(Service->Name, &Record);
    KiUnlock(&ScmLock);
    if (Error != ERROR_SUCCESS)
        return TRUE; /* it was deleted by what started before it */
    ScmpBeginTransition();
    Error = ScmpStart(Record, NULL, Why, sizeof(Why));
    ScmpEndTransition();
    KiLock(&ScmLock);
    ScmpPurge(Record);
    ScmpDereferenceRecord(Record);
    KiUnlock(&ScmLock);
    if (Error == ERROR_SUCCESS || Service->ErrorControl == SERVICE_ERROR_IGNORE)
        return TRUE;
    if (Service->ErrorControl != SERVICE_ERROR_CRITICAL) {
        DbgPrint("ntio: service %ws did not start (error %u): %s\n", Service->Name, Error, Why);
        return TRUE;
    }
    if (Size != 0 && Reason != NULL) {
        NtCrt__snprintf(Reason, Size, "service %ws, which is critical, did not start: %s",
                        Service->Name, Why);
        Reason[Size - 1] = '\0';
    }
    return FALSE;
}

NTSTATUS ScmStartSystem(char *Reason, size_t Size)
{
    NTSTATUS Status = STATUS_SUCCESS;
    BOOT_PLAN Boot = {0};

    KE_IRQL_AT_MOST(PASSIVE_LEVEL);
    if (!NT_SUCCESS(CmpQueryString(SCM_CONTROL L"ServiceGroupOrder", L"List", &Boot.Groups)))
        Boot.Groups = NULL;
    KiLock(&ScmLock);
    ScmpForEach(Plan, &Boot);
    KiUnlock(&ScmLock);
    if (Boot.OutOfMemory) {
        if (Reason != NULL)
            snprintf(Reason, Size, "out of memory");
        Status = STATUS_INSUFFICIENT_RESOURCES;
    } else if (Boot.Count != 0) {
        qsort(Boot.Services, Boot.Count, sizeof(*Boot.Services), InOrder);
    }
    for (ULONG i = 0; i < Boot.Count && NT_SUCCESS(Status); i++) {
        if (Boot.Services[i].Start == SERVICE_DISABLED) {
            WCHAR Key[SCM_KEY_MAXIMUM]; /* marked for deletion before the boot */
            ScmpKeyOf(Boot.Services[i].Name, Key);
            CmpDeleteTree(Key);
        }
    }
    for (ULONG i = 0; i < Boot.Count && NT_SUCCESS(Status); i++) {
        if (Boot.Services[i].Start != SERVICE_DISABLED &&
            !StartOne(&Boot.Services[i], Reason, Size))
            Status = STATUS_DRIVER_UNABLE_TO_LOAD;
    }
    free(Boot.Services);
    if (Boot.Groups != NULL)
        ExFreePool(Boot.Groups);
    return Status;
}
