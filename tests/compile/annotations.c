/* SPDX-License-Identifier: MIT */
/* annotations.c - every annotation and role that drivers of this kind use; it need only compile. */
#define NTIO_OLD_SAL 1 /* __in and its kin: libstdc++ has other uses for them */
#include <ntifs.h>
#include <ntddk.h>
#include <wdmsec.h>
#include <ntstrsafe.h>
#include <driverspecs.h>
#include <specstrings.h>

DRIVER_INITIALIZE DriverEntry;
DRIVER_STARTIO StartIo;
DRIVER_CANCEL Cancel;
IO_DPC_ROUTINE DpcForIsr;
IO_TIMER_ROUTINE IoTimer;
IO_WORKITEM_ROUTINE WorkItem;
IO_COMPLETION_ROUTINE Completion;
KSERVICE_ROUTINE Service;
KSYNCHRONIZE_ROUTINE Synchronize;
KSTART_ROUTINE Thread;
DRIVER_LIST_CONTROL ListControl;
DRIVER_NOTIFICATION_CALLBACK_ROUTINE Notification;
REQUEST_POWER_COMPLETE PowerComplete;
RTL_AVL_COMPARE_ROUTINE Compare;

typedef struct _ANNOTATED {
    _Field_size_(Count) PULONG Array;
    ULONG Count;
    _Field_range_(0, 31) ULONG Small;
    _Guarded_by_(Lock) ULONG Guarded;
    KSPIN_LOCK Lock;
    _Field_size_bytes_opt_(Bytes) PVOID Blob;
    ULONG Bytes;
} ANNOTATED;

_Must_inspect_result_ _IRQL_requires_max_(APC_LEVEL)
__checkReturn NTSTATUS Everything(
    _In_ __drv_aliasesMem PVOID a, _In_opt_ PVOID b, _Inout_ PULONG c, _Out_ PULONG d,
    _Out_opt_ PULONG e, _In_reads_(f) const ULONG *g, _In_ ULONG f, _Out_writes_bytes_(i) PVOID h,
    _In_ SIZE_T i, _Out_writes_bytes_to_(k, *l) PVOID j, _In_ ULONG k, _Out_ PULONG l,
    _Outptr_result_maybenull_ PVOID *m, _Inout_updates_bytes_(o) PVOID n,
    _In_range_(1, 100) ULONG o, _In_z_ PCSTR p, _Printf_format_string_ PCSTR q, _Reserved_ PVOID r,
    IN PVOID s, OUT PVOID t, IN OUT PVOID u OPTIONAL, _Deref_out_range_(0, 7) PULONG v,
    __in_bcount(x) PVOID w, __in ULONG x, __out_ecount(2) PULONG y, __inout_opt PVOID z);

_When_(Wait, _IRQL_requires_max_(APC_LEVEL)) _When_(!Wait, _IRQL_requires_max_(DISPATCH_LEVEL))
    _Acquires_lock_(*Lock) _IRQL_raises_(DISPATCH_LEVEL) _IRQL_saves_global_(OldIrql, *Lock)
        _Success_(return != FALSE) BOOLEAN
    Locks(_Inout_ _Requires_lock_not_held_(*_Curr_) PKSPIN_LOCK Lock, _In_ _Literal_ BOOLEAN Wait);

_Releases_lock_(*Lock) _IRQL_restores_global_(OldIrql, *Lock) _Requires_lock_held_(*Lock) VOID
    Unlocks(_Inout_ PKSPIN_LOCK Lock);

__drv_maxIRQL(PASSIVE_LEVEL) __drv_minIRQL(PASSIVE_LEVEL) __drv_sameIRQL __drv_allocatesMem(Mem)
    __drv_reportError("not a report") _Ret_maybenull_ _Post_writable_byte_size_(Bytes)
PVOID
Allocates(_In_ SIZE_T Bytes);

VOID Frees(_In_ _Post_ptr_invalid_ __drv_freesMem(Mem) PVOID Memory);

#pragma code_seg("PAGE")
#pragma data_seg()
#pragma const_seg()
#pragma warning(suppress : 28118)
#pragma prefast(disable : 28175, "looks at a field that belongs to the system")
#pragma comment(lib, "nothing.lib")
#pragma region a folded one
#pragma endregion

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath)
{
    __analysis_assume(DriverObject != NULL);
    _Analysis_assume_(RegistryPath != NULL);
    NT_ASSERT(DriverObject != NULL);
    C_ASSERT(sizeof(ANNOTATED) >= sizeof(PVOID));
    UNREFERENCED_PARAMETER(DriverObject);
    DBG_UNREFERENCED_LOCAL_VARIABLE(RegistryPath);
    return STATUS_UNSUCCESSFUL;
}
#pragma code_seg()
