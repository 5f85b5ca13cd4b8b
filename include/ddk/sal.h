/* SPDX-License-Identifier: MIT */
/*
 * sal.h - the source annotations of Microsoft's headers and of annotated drivers, as nothing.
 *
 * They tell a static analyser about parameters, IRQLs and locks. ntio checks the same rules when
 * the driver runs, so here they only have to vanish. Source: MS docs, "SAL annotations for
 * drivers".
 */
#ifndef NTIO_DDK_SAL_H
#define NTIO_DDK_SAL_H

#define IN
#define OUT
#define OPTIONAL

/* Parameters. */
#define _In_
#define _In_opt_
#define _In_z_
#define _In_opt_z_
#define _In_reads_(n)
#define _In_reads_opt_(n)
#define _In_reads_z_(n)
#define _In_reads_bytes_(n)
#define _In_reads_bytes_opt_(n)
#define _In_reads_or_z_(n)
#define _In_bytecount_(n)
#define _In_count_(n)
#define _In_range_(a, b)
#define _Inout_
#define _Inout_opt_
#define _Inout_z_
#define _Inout_updates_(n)
#define _Inout_updates_opt_(n)
#define _Inout_updates_z_(n)
#define _Inout_updates_all_(n)
#define _Inout_updates_bytes_(n)
#define _Inout_updates_bytes_opt_(n)
#define _Inout_updates_bytes_all_(n)
#define _Inout_updates_bytes_to_(n, c)
#define _Out_
#define _Out_opt_
#define _Out_range_(a, b)
#define _Out_writes_(n)
#define _Out_writes_z_(n)
#define _Out_writes_opt_(n)
#define _Out_writes_opt_z_(n)
#define _Out_writes_all_(n)
#define _Out_writes_to_(n, c)
#define _Out_writes_bytes_(n)
#define _Out_writes_bytes_opt_(n)
#define _Out_writes_bytes_all_(n)
#define _Out_writes_bytes_all_opt_(n)
#define _Out_writes_bytes_to_(n, c)
#define _Out_writes_bytes_to_opt_(n, c)
#define _Outptr_
#define _Outptr_opt_
#define _Outptr_result_maybenull_
#define _Outptr_opt_result_maybenull_
#define _Outptr_result_nullonfailure_
#define _Outptr_result_z_
#define _Outptr_result_buffer_(n)
#define _Outptr_result_bytebuffer_(n)
#define _COM_Outptr_
#define _Reserved_
#define _Const_
#define _Null_terminated_
#define _NullNull_terminated_
#define _Printf_format_string_
#define _Points_to_data_
#define _Notnull_
#define _Maybenull_
#define _Notliteral_

/* Fields and types. */
#define _Field_size_(n)
#define _Field_size_opt_(n)
#define _Field_size_bytes_(n)
#define _Field_size_bytes_opt_(n)
#define _Field_size_part_(n, c)
#define _Field_range_(a, b)
#define _Field_z_
#define _Struct_size_bytes_(n)
#define _Enum_is_bitflag_

/* Conditions. */
#define _Pre_
#define _Pre_notnull_
#define _Pre_maybenull_
#define _Pre_valid_
#define _Pre_satisfies_(e)
#define _Pre_writable_byte_size_(n)
#define _Post_
#define _Post_valid_
#define _Post_invalid_
#define _Post_notnull_
#define _Post_maybenull_
#define _Post_ptr_invalid_
#define _Post_satisfies_(e)
#define _Post_equal_to_(e)
#define _Post_writable_byte_size_(n)
#define _Deref_out_range_(a, b)
#define _Deref_post_z_
#define _At_(target, what)
#define _At_buffer_(target, i, n, what)
#define _When_(condition, what)
#define _Group_(what)
#define _On_failure_(what)
#define _Always_(what)
#define _Success_(e)
#define _Return_type_success_(e)
#define _Ret_maybenull_
#define _Ret_notnull_
#define _Ret_null_
#define _Ret_z_
#define _Ret_range_(a, b)
#define _Ret_writes_(n)
#define _Ret_writes_bytes_(n)
#define _Ret_writes_bytes_maybenull_(n)
#define _Check_return_
#define _Must_inspect_result_
#define _Result_nullonfailure_
#define _Result_zeroonfailure_
#define _Use_decl_annotations_
#define _Analysis_assume_(e) ((void)0)
#define _Analysis_mode_(m)
#define _Analysis_noreturn_
#define __analysis_assume(e) ((void)0)
#define _Literal_
#define _Strict_type_match_
#define _Inexpressible_(x)
#define _Curr_
#define _Old_(x)

/* Drivers: IRQL, locks, roles, resources. */
#define _IRQL_requires_(i)
#define _IRQL_requires_max_(i)
#define _IRQL_requires_min_(i)
#define _IRQL_requires_same_
#define _IRQL_always_function_max_(i)
#define _IRQL_always_function_min_(i)
#define _IRQL_raises_(i)
#define _IRQL_saves_
#define _IRQL_saves_global_(k, e)
#define _IRQL_restores_
#define _IRQL_restores_global_(k, e)
#define _IRQL_is_cancel_
#define _IRQL_uses_cancel_
#define _Function_class_(c)
#define _Has_lock_kind_(k)
#define _Has_lock_level_(l)
#define _Lock_level_order_(a, b)
#define _Acquires_lock_(l)
#define _Acquires_exclusive_lock_(l)
#define _Acquires_shared_lock_(l)
#define _Acquires_nonreentrant_lock_(l)
#define _Releases_lock_(l)
#define _Releases_exclusive_lock_(l)
#define _Releases_shared_lock_(l)
#define _Releases_nonreentrant_lock_(l)
#define _Requires_lock_held_(l)
#define _Requires_lock_not_held_(l)
#define _Requires_exclusive_lock_held_(l)
#define _Requires_shared_lock_held_(l)
#define _Requires_no_locks_held_
#define _Create_lock_level_(l)
#define _Guarded_by_(l)
#define _Write_guarded_by_(l)
#define _Interlocked_
#define _Interlocked_operand_
#define _Kernel_acquires_resource_(k)
#define _Kernel_releases_resource_(k)
#define _Kernel_requires_resource_held_(k)
#define _Kernel_requires_resource_not_held_(k)
#define _Kernel_clear_do_init_(y)
#define _Kernel_IoGetDmaAdapter_
#define _Kernel_float_used_
#define _Dispatch_type_(m)
#define _Unreferenced_parameter_

#define __drv_aliasesMem
#define __drv_freesMem(k)
#define __drv_allocatesMem(k)
#define __drv_acquiresExclusiveResource(k)
#define __drv_releasesExclusiveResource(k)
#define __drv_at(e, what)
#define __drv_when(c, what)
#define __drv_arg(e, what)
#define __drv_in(what)
#define __drv_out(what)
#define __drv_in_deref(what)
#define __drv_out_deref(what)
#define __drv_ret(what)
#define __drv_functionClass(c)
#define __drv_dispatchType(m)
#define __drv_dispatchType_other
#define __drv_requiresIRQL(i)
#define __drv_maxIRQL(i)
#define __drv_minIRQL(i)
#define __drv_maxFunctionIRQL(i)
#define __drv_minFunctionIRQL(i)
#define __drv_raisesIRQL(i)
#define __drv_sameIRQL
#define __drv_savesIRQL
#define __drv_restoresIRQL
#define __drv_setsIRQL(i)
#define __drv_mustHold(k)
#define __drv_neverHold(k)
#define __drv_isCancelIRQL
#define __drv_useCancelIRQL
#define __drv_clearDoInit(y)
#define __drv_interlocked
#define __drv_inTry
#define __drv_notInTry
#define __drv_notPointer
#define __drv_nonConstant
#define __drv_constant
#define __drv_strictType(t, m)
#define __drv_strictTypeMatch(m)
#define __drv_preferredFunction(f, w)
#define __drv_reportError(w)
#define __drv_valueIs(v)
#define __drv_unit(u)
#define __drv_declspec(x)
#define __drv_formatString(k)
#define __drv_completionType(t)
#define __drv_sync
#define __drv_typeBitset
#define __drv_typeConst
#define __drv_typeCond
#define __drv_typeExpr
#define __drv_fullEncodePtr

/*
 * The first generation (__in, __out ...). __in and __out are names that libstdc++ and libc use for
 * themselves, so they exist only where a driver asks for them.
 */
#ifdef NTIO_OLD_SAL
#define __in
#define __out
#define __inout
#define __in_opt
#define __out_opt
#define __inout_opt
#define __in_bcount(n)
#define __out_bcount(n)
#define __inout_bcount(n)
#define __in_ecount(n)
#define __out_ecount(n)
#define __inout_ecount(n)
#define __deref_out
#define __deref_opt_out
#define __reserved
#define __checkReturn
#define __success(e)
#define __callback
#endif

#endif
