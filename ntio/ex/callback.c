/* SPDX-License-Identifier: MIT */
/*
 * callback.c - callback objects: named lists of routines that drivers register with and notify.
 *
 * Lock: ExpCallbackLock guards every object's list and the registrations' counts. Routines are
 * called without it; a registration that is being called is held by its Busy count, and
 * ExUnregisterCallback waits for that to end.
 */
#include "ntio/ex/exp.h"
#include "ntio/ob/ob.h"

#define EXP_CALLBACK_TAG 0x6b6c6143 /* "Calk" */

typedef struct _CALLBACK_OBJECT {
    LIST_ENTRY Registrations;
    BOOLEAN AllowMultiple;
} CALLBACK_OBJECT;

typedef struct _EXP_CALLBACK_REGISTRATION {
    LIST_ENTRY Link;
    PCALLBACK_OBJECT Object; /* referenced */
    PCALLBACK_FUNCTION Function;
    PVOID Context;
    ULONG Busy;
    KEVENT *Leaving; /* ExUnregisterCallback waits for Busy to be 0 */
} EXP_CALLBACK_REGISTRATION;

static KI_LOCK ExpCallbackLock;
static POBJECT_TYPE ExpCallbackType;
/* Makes the type once: at the first ExCreateCallback, because ob comes up after ex. */
static FAST_MUTEX ExpCallbackTypeMutex;

VOID ExpInitializeCallbacks(VOID)
{
    ExpCallbackType = NULL;
    ExInitializeFastMutex(&ExpCallbackTypeMutex);
}

static NTSTATUS ExpGetCallbackType(POBJECT_TYPE *Type)
{
    static const OB_TYPE_INFO Info = {.Name = L"Callback"};
    NTSTATUS Status = STATUS_SUCCESS;

    ExAcquireFastMutex(&ExpCallbackTypeMutex);
    if (ExpCallbackType == NULL) {
        /* Made at PASSIVE_LEVEL by whoever is first; the mutex raised to APC_LEVEL, which ob
         * allows. */
        Status = ObpCreateType(&Info, &ExpCallbackType);
    }
    *Type = ExpCallbackType;
    ExReleaseFastMutex(&ExpCallbackTypeMutex);
    return Status;
}

NTSTATUS NTAPI ExCreateCallback(PCALLBACK_OBJECT *CallbackObject,
                                POBJECT_ATTRIBUTES ObjectAttributes, BOOLEAN Create,
                                BOOLEAN AllowMultipleCallbacks)
{
    PCALLBACK_OBJECT Object;
    POBJECT_TYPE Type;
    NTSTATUS Status;
    PVOID Found;

    KE_IRQL_AT_MOST(APC_LEVEL);
    if (ObjectAttributes == NULL || ObjectAttributes->ObjectName == NULL)
        return STATUS_UNSUCCESSFUL;
    Status = ExpGetCallbackType(&Type);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObpOpenByName(ObjectAttributes, Type, 0, NULL, &Found);
    if (NT_SUCCESS(Status)) {
        *CallbackObject = Found;
        return Status;
    }
    if (!Create)
        return Status;
    Status = ObpCreate(Type, ObjectAttributes, sizeof(*Object), &Found);
    if (!NT_SUCCESS(Status))
        return Status;
    Object = Found;
    InitializeListHead(&Object->Registrations);
    Object->AllowMultiple = AllowMultipleCallbacks;
    Status = ObpInsert(Object, 0, NULL);
    if (!NT_SUCCESS(Status)) {
        ObDereferenceObject(Object);
        /* Somebody else made it in the meantime. */
        if (Status != STATUS_OBJECT_NAME_COLLISION)
            return Status;
        Status = ObpOpenByName(ObjectAttributes, Type, 0, NULL, &Found);
        if (!NT_SUCCESS(Status))
            return Status;
    }
    *CallbackObject = Found;
    return STATUS_SUCCESS;
}

PVOID NTAPI ExRegisterCallback(PCALLBACK_OBJECT CallbackObject, PCALLBACK_FUNCTION CallbackFunction,
                               PVOID CallbackContext)
{
    EXP_CALLBACK_REGISTRATION *Registration;
    BOOLEAN Refused;

    KE_IRQL_AT_MOST(APC_LEVEL);
    Registration = ExpAllocatePool(NonPagedPoolNx, sizeof(*Registration), EXP_CALLBACK_TAG, TRUE,
                                   __builtin_return_address(0));
    if (Registration == NULL)
        return NULL;
    ObReferenceObject(CallbackObject);
    Registration->Object = CallbackObject;
    Registration->Function = CallbackFunction;
    Registration->Context = CallbackContext;
    KiLock(&ExpCallbackLock);
    Refused =
        (BOOLEAN)(!CallbackObject->AllowMultiple && !IsListEmpty(&CallbackObject->Registrations));
    if (!Refused)
        InsertTailList(&CallbackObject->Registrations, &Registration->Link);
    KiUnlock(&ExpCallbackLock);
    if (Refused) {
        ExpFreePool(Registration, EXP_CALLBACK_TAG, __builtin_return_address(0));
        ObDereferenceObject(CallbackObject);
        return NULL;
    }
    return Registration;
}

VOID NTAPI ExUnregisterCallback(PVOID CallbackRegistration)
{
    EXP_CALLBACK_REGISTRATION *Registration = CallbackRegistration;
    PCALLBACK_OBJECT Object = Registration->Object;
    KEVENT Idle;
    BOOLEAN Wait;

    KE_IRQL_AT_MOST(APC_LEVEL);
    KeInitializeEvent(&Idle, NotificationEvent, FALSE);
    KiLock(&ExpCallbackLock);
    Wait = (BOOLEAN)(Registration->Busy != 0);
    if (Wait)
        Registration->Leaving = &Idle;
    else
        RemoveEntryList(&Registration->Link);
    KiUnlock(&ExpCallbackLock);
    if (Wait) /* whoever ends the last call unlinks it */
        KeWaitForSingleObject(&Idle, Executive, KernelMode, FALSE, NULL);
    ExpFreePool(Registration, EXP_CALLBACK_TAG, __builtin_return_address(0));
    ObDereferenceObject(Object);
}

VOID NTAPI ExNotifyCallback(PCALLBACK_OBJECT CallbackObject, PVOID Argument1, PVOID Argument2)
{
    PLIST_ENTRY Entry;

    KE_IRQL_AT_MOST(DISPATCH_LEVEL);
    KiLock(&ExpCallbackLock);
    for (Entry = CallbackObject->Registrations.Flink; Entry != &CallbackObject->Registrations;) {
        EXP_CALLBACK_REGISTRATION *Registration =
            CONTAINING_RECORD(Entry, EXP_CALLBACK_REGISTRATION, Link);

        if (Registration->Leaving != NULL) {
            Entry = Entry->Flink;
            continue;
        }
        Registration->Busy++;
        KiUnlock(&ExpCallbackLock);
        Registration->Function(Registration->Context, Argument1, Argument2);
        KiLock(&ExpCallbackLock);
        Entry = Entry->Flink;
        if (--Registration->Busy == 0 && Registration->Leaving != NULL) {
            RemoveEntryList(&Registration->Link);
            KeSetEvent(Registration->Leaving, IO_NO_INCREMENT, FALSE);
        }
    }
    KiUnlock(&ExpCallbackLock);
}
