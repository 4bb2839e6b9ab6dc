/* SPDX-License-Identifier: BSD-2-Clause-Patent */
	.text
/* void call_on_stack(void (*run)(void *), void *argument, void *top) */
	.globl	call_on_stack
	.type	call_on_stack, @function
call_on_stack:
	push	%rbp
	mov	%rsp, %rbp
	mov	%rdi, %rax
	mov	%rsi, %rdi
	mov	%rdx, %rsp
	call	*%rax
	mov	%rbp, %rsp
	pop	%rbp
	ret
	.size	call_on_stack, . - call_on_stack
	.section .note.GNU-stack, "", @progbits
