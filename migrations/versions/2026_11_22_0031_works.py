"""Works: sites, who is on them, and what comes before a start.

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(astext_type=sa.Text())
TABLES = (
    "site",
    "site_entry",
    "site_organisation",
    "site_person",
    "commitment",
    "start_exception",
    "joint_review",
    "review_part",
    "review_opinion",
    "site_area",
    "area_booking",
    "blackout",
    "utility_task",
    "utility_entry",
    "purchase",
    "material",
    "material_record",
    "material_batch",
    "method_board",
    "site_notice",
    "site_objection",
)


def upgrade() -> None:
    op.create_table('site',
    sa.Column('project_id', sa.Uuid(), nullable=False),
    sa.Column('region_path', sa.String(length=255, collation='C'), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('risk', sa.String(length=64, collation='C'), nullable=True),
    sa.Column('planned_start', sa.Date(), nullable=False),
    sa.Column('planned_end', sa.Date(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('opened_by', sa.Uuid(), nullable=True),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state IN ('preparing', 'ready', 'started', 'stopped', 'finished', 'accepted', 'handed_over')", name=op.f('ck_site_state')),
    sa.CheckConstraint('planned_end >= planned_start', name=op.f('ck_site_planned_end')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_site_project_id')),
    sa.PrimaryKeyConstraint('project_id', name=op.f('pk_site'))
    )
    op.create_index('ix_site_region_path', 'site', ['region_path', 'project_id'], unique=False)
    op.create_table('site_entry',
    sa.Column('project_id', sa.Uuid(), nullable=False),
    sa.Column('action', sa.String(length=12), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('risk', sa.String(length=64, collation='C'), nullable=True),
    sa.Column('planned_start', sa.Date(), nullable=False),
    sa.Column('planned_end', sa.Date(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('document', sa.String(length=300), nullable=True),
    sa.Column('by', sa.Uuid(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("action IN ('open', 'change', 'prepared', 'reopen', 'start', 'stop', 'resume', 'finish', 'accept', 'hand_over')", name=op.f('ck_site_entry_action')),
    sa.CheckConstraint("state IN ('preparing', 'ready', 'started', 'stopped', 'finished', 'accepted', 'handed_over')", name=op.f('ck_site_entry_state')),
    sa.ForeignKeyConstraint(['project_id'], ['site.project_id'], name=op.f('fk_site_entry_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_site_entry'))
    )
    op.create_index('ix_site_entry_project_id', 'site_entry', ['project_id', 'id'], unique=False)
    op.create_table('site_organisation',
    sa.Column('project_id', sa.Uuid(), nullable=False),
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('document', sa.String(length=300), nullable=True),
    sa.Column('joined_by', sa.Uuid(), nullable=True),
    sa.Column('joined_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('left_by', sa.Uuid(), nullable=True),
    sa.Column('left_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("role IN ('client', 'surveyor', 'designer', 'contractor', 'supervisor', 'subcontractor', 'consultant', 'utility', 'supplier')", name=op.f('ck_site_organisation_role')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_site_organisation_organisation_id')),
    sa.ForeignKeyConstraint(['project_id'], ['site.project_id'], name=op.f('fk_site_organisation_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_site_organisation')),
    sa.UniqueConstraint('id', 'project_id', name=op.f('uq_site_organisation_id_project_id'))
    )
    op.create_index('ix_site_organisation_organisation_id', 'site_organisation', ['organisation_id', 'id'], unique=False)
    op.create_index('ix_site_organisation_project_id', 'site_organisation', ['project_id', 'id'], unique=False)
    op.create_index('uq_site_organisation_live', 'site_organisation', ['project_id', 'organisation_id', 'role'], unique=True, postgresql_where=sa.text('left_at IS NULL'))
    op.create_index('uq_site_organisation_party', 'site_organisation', ['project_id', 'role'], unique=True, postgresql_where=sa.text("left_at IS NULL AND role IN ('client', 'surveyor', 'designer', 'contractor', 'supervisor')"))
    op.create_table('site_person',
    sa.Column('project_id', sa.Uuid(), nullable=False),
    sa.Column('site_organisation_id', sa.Uuid(), nullable=False),
    sa.Column('staff_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.String(length=100), nullable=False),
    sa.Column('joined_by', sa.Uuid(), nullable=True),
    sa.Column('joined_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('left_by', sa.Uuid(), nullable=True),
    sa.Column('left_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['site_organisation_id', 'project_id'], ['site_organisation.id', 'site_organisation.project_id'], name=op.f('fk_site_person_site_organisation_id_project_id')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_site_person_staff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_site_person'))
    )
    op.create_index('ix_site_person_project_id', 'site_person', ['project_id', 'id'], unique=False)
    op.create_index('ix_site_person_staff_id', 'site_person', ['staff_id'], unique=False, postgresql_where=sa.text('left_at IS NULL'))
    op.create_index('uq_site_person_live', 'site_person', ['site_organisation_id', 'staff_id'], unique=True, postgresql_where=sa.text('left_at IS NULL'))
    op.create_table('commitment',
    sa.Column('project_id', sa.Uuid(), nullable=False),
    sa.Column('site_organisation_id', sa.Uuid(), nullable=False),
    sa.Column('signer', sa.String(length=20), nullable=False),
    sa.Column('name_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('signed_on', sa.Date(), nullable=False),
    sa.Column('document', sa.String(length=300), nullable=False),
    sa.Column('recorded_by', sa.Uuid(), nullable=True),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('withdrawn_by', sa.Uuid(), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_reason', sa.Text(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("signer IN ('legal_representative', 'project_leader')", name=op.f('ck_commitment_signer')),
    sa.CheckConstraint('(withdrawn_at IS NULL) = (withdrawn_reason IS NULL)', name=op.f('ck_commitment_withdrawn_reason')),
    sa.ForeignKeyConstraint(['site_organisation_id', 'project_id'], ['site_organisation.id', 'site_organisation.project_id'], name=op.f('fk_commitment_site_organisation_id_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_commitment'))
    )
    op.create_index('ix_commitment_project_id', 'commitment', ['project_id', 'id'], unique=False)
    op.create_index('uq_commitment_live', 'commitment', ['site_organisation_id', 'signer'], unique=True, postgresql_where=sa.text('withdrawn_at IS NULL'))
    op.create_table('start_exception',
    sa.Column('project_id', sa.Uuid(), nullable=False),
    sa.Column('requirement', sa.String(length=20), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('document', sa.String(length=300), nullable=False),
    sa.Column('asked_by', sa.Uuid(), nullable=True),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_by', sa.Uuid(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decision_reason', sa.Text(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("(state = 'asked') = (decided_at IS NULL)", name=op.f('ck_start_exception_decided_at')),
    sa.CheckConstraint("requirement IN ('review', 'utilities', 'objections')", name=op.f('ck_start_exception_requirement')),
    sa.CheckConstraint("state IN ('asked', 'agreed', 'refused')", name=op.f('ck_start_exception_state')),
    sa.CheckConstraint('decided_by <> asked_by', name=op.f('ck_start_exception_decided_by')),
    sa.ForeignKeyConstraint(['project_id'], ['site.project_id'], name=op.f('fk_start_exception_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_start_exception'))
    )
    op.create_index('ix_start_exception_project_id', 'start_exception', ['project_id', 'id'], unique=False)
    op.create_index('uq_start_exception_live', 'start_exception', ['project_id', 'requirement'], unique=True, postgresql_where=sa.text("state IN ('asked', 'agreed')"))
    op.create_table('joint_review',
    sa.Column('project_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('plan_number', sa.Integer(), nullable=True),
    sa.Column('change', sa.Text(), nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('agreed', sa.Boolean(), nullable=True),
    sa.Column('opened_by', sa.Uuid(), nullable=True),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_by', sa.Uuid(), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("(state = 'closed') = (agreed IS NOT NULL)", name=op.f('ck_joint_review_agreed')),
    sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f('ck_joint_review_ended_at')),
    sa.CheckConstraint("state IN ('open', 'closed', 'superseded')", name=op.f('ck_joint_review_state')),
    sa.CheckConstraint('(number = 1) = (change IS NULL)', name=op.f('ck_joint_review_change')),
    sa.ForeignKeyConstraint(['project_id', 'plan_number'], ['plan_version.project_id', 'plan_version.number'], name=op.f('fk_joint_review_project_id_plan_number')),
    sa.ForeignKeyConstraint(['project_id'], ['site.project_id'], name=op.f('fk_joint_review_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_joint_review')),
    sa.UniqueConstraint('id', 'project_id', name=op.f('uq_joint_review_id_project_id')),
    sa.UniqueConstraint('project_id', 'number', name=op.f('uq_joint_review_project_id_number'))
    )
    op.create_index('uq_joint_review_open', 'joint_review', ['project_id'], unique=True, postgresql_where=sa.text("state = 'open'"))
    op.create_table('review_part',
    sa.Column('review_id', sa.Uuid(), nullable=False),
    sa.Column('project_id', sa.Uuid(), nullable=False),
    sa.Column('desk_id', sa.Uuid(), nullable=False),
    sa.Column('department', sa.String(length=64, collation='C'), nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("state IN ('waiting', 'answered', 'overdue')", name=op.f('ck_review_part_state')),
    sa.ForeignKeyConstraint(['desk_id'], ['desk.id'], name=op.f('fk_review_part_desk_id')),
    sa.ForeignKeyConstraint(['review_id', 'project_id'], ['joint_review.id', 'joint_review.project_id'], name=op.f('fk_review_part_review_id_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_review_part')),
    sa.UniqueConstraint('review_id', 'desk_id', name=op.f('uq_review_part_review_id_desk_id'))
    )
    op.create_index('ix_review_part_desk_id', 'review_part', ['desk_id', 'id'], unique=False)
    op.create_index('ix_review_part_project_id', 'review_part', ['project_id'], unique=False)
    op.create_table('review_opinion',
    sa.Column('part_id', sa.Uuid(), nullable=False),
    sa.Column('verdict', sa.String(length=12), nullable=False),
    sa.Column('opinion', sa.Text(), nullable=False),
    sa.Column('document', sa.String(length=300), nullable=True),
    sa.Column('on_behalf', sa.Boolean(), nullable=False),
    sa.Column('late', sa.Boolean(), nullable=False),
    sa.Column('given_by', sa.Uuid(), nullable=True),
    sa.Column('given_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("verdict IN ('agree', 'conditions', 'disagree')", name=op.f('ck_review_opinion_verdict')),
    sa.CheckConstraint('document IS NOT NULL OR NOT on_behalf', name=op.f('ck_review_opinion_document')),
    sa.ForeignKeyConstraint(['part_id'], ['review_part.id'], name=op.f('fk_review_opinion_part_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_review_opinion'))
    )
    op.create_index('ix_review_opinion_part_id', 'review_opinion', ['part_id', 'id'], unique=False)
    op.create_table('site_area',
    sa.Column('project_id', sa.Uuid(), nullable=False),
    sa.Column('title', sa.String(length=100, collation='C'), nullable=False),
    sa.Column('made_by', sa.Uuid(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['site.project_id'], name=op.f('fk_site_area_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_site_area')),
    sa.UniqueConstraint('id', 'project_id', name=op.f('uq_site_area_id_project_id')),
    sa.UniqueConstraint('project_id', 'title', name=op.f('uq_site_area_project_id_title'))
    )
    op.create_table('area_booking',
    sa.Column('area_id', sa.Uuid(), nullable=False),
    sa.Column('subject_id', sa.Uuid(), nullable=False),
    sa.Column('subject_type', sa.String(length=30), nullable=False),
    sa.Column('project_id', sa.Uuid(), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=False),
    sa.Column('digs', sa.Boolean(), nullable=False),
    sa.CheckConstraint('ends_on >= starts_on', name=op.f('ck_area_booking_ends_on')),
    sa.ForeignKeyConstraint(['area_id', 'project_id'], ['site_area.id', 'site_area.project_id'], name=op.f('fk_area_booking_area_id_project_id')),
    sa.PrimaryKeyConstraint('area_id', 'subject_id', name=op.f('pk_area_booking'))
    )
    op.create_index('ix_area_booking_project_id', 'area_booking', ['project_id'], unique=False)
    op.create_table('blackout',
    sa.Column('region_id', sa.Uuid(), nullable=False),
    sa.Column('region_path', sa.String(length=255, collation='C'), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=False),
    sa.Column('forbids', sa.String(length=10), nullable=False),
    sa.Column('document', sa.String(length=300), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('made_by', sa.Uuid(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('lifted_by', sa.Uuid(), nullable=True),
    sa.Column('lifted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("forbids IN ('works', 'machines')", name=op.f('ck_blackout_forbids')),
    sa.CheckConstraint("kind IN ('examination', 'holiday', 'other')", name=op.f('ck_blackout_kind')),
    sa.CheckConstraint('ends_on >= starts_on', name=op.f('ck_blackout_ends_on')),
    sa.ForeignKeyConstraint(['region_id'], ['region.id'], name=op.f('fk_blackout_region_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_blackout'))
    )
    op.create_index('ix_blackout_region_path', 'blackout', ['region_path', 'id'], unique=False)
    op.create_table('utility_task',
    sa.Column('project_id', sa.Uuid(), nullable=False),
    sa.Column('site_organisation_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=True),
    sa.Column('ends_on', sa.Date(), nullable=True),
    sa.Column('digs', sa.Boolean(), nullable=False),
    sa.Column('machines', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('told_by', sa.Uuid(), nullable=True),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("(state IN ('planned', 'done')) = (starts_on IS NOT NULL)", name=op.f('ck_utility_task_planned')),
    sa.CheckConstraint("kind IN ('water', 'drainage', 'power', 'gas', 'heating', 'telecom', 'cable_tv', 'other')", name=op.f('ck_utility_task_kind')),
    sa.CheckConstraint("state IN ('told', 'planned', 'nothing', 'done', 'withdrawn')", name=op.f('ck_utility_task_state')),
    sa.CheckConstraint('ends_on >= starts_on', name=op.f('ck_utility_task_ends_on')),
    sa.CheckConstraint('num_nulls(starts_on, ends_on) IN (0, 2)', name=op.f('ck_utility_task_span')),
    sa.ForeignKeyConstraint(['site_organisation_id', 'project_id'], ['site_organisation.id', 'site_organisation.project_id'], name=op.f('fk_utility_task_site_organisation_id_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_utility_task'))
    )
    op.create_index('ix_utility_task_project_id', 'utility_task', ['project_id', 'id'], unique=False)
    op.create_index('ix_utility_task_site_organisation_id', 'utility_task', ['site_organisation_id'], unique=False)
    op.create_table('utility_entry',
    sa.Column('task_id', sa.Uuid(), nullable=False),
    sa.Column('action', sa.String(length=12), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=True),
    sa.Column('ends_on', sa.Date(), nullable=True),
    sa.Column('digs', sa.Boolean(), nullable=False),
    sa.Column('machines', sa.Boolean(), nullable=False),
    sa.Column('area_ids', JSONB, nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('document', sa.String(length=300), nullable=True),
    sa.Column('by', sa.Uuid(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("action IN ('tell', 'plan', 'nothing', 'done', 'withdraw')", name=op.f('ck_utility_entry_action')),
    sa.CheckConstraint("state IN ('told', 'planned', 'nothing', 'done', 'withdrawn')", name=op.f('ck_utility_entry_state')),
    sa.ForeignKeyConstraint(['task_id'], ['utility_task.id'], name=op.f('fk_utility_entry_task_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_utility_entry'))
    )
    op.create_index('ix_utility_entry_task_id', 'utility_entry', ['task_id', 'id'], unique=False)
    op.create_table('purchase',
    sa.Column('region_id', sa.Uuid(), nullable=False),
    sa.Column('region_path', sa.String(length=255, collation='C'), nullable=False),
    sa.Column('organisation_id', sa.Uuid(), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('document', sa.String(length=300), nullable=False),
    sa.Column('ordered_on', sa.Date(), nullable=False),
    sa.Column('made_by', sa.Uuid(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_purchase_organisation_id')),
    sa.ForeignKeyConstraint(['region_id'], ['region.id'], name=op.f('fk_purchase_region_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_purchase'))
    )
    op.create_index('ix_purchase_region_path', 'purchase', ['region_path', 'id'], unique=False)
    op.create_table('material',
    sa.Column('project_id', sa.Uuid(), nullable=False),
    sa.Column('title', sa.String(length=100, collation='C'), nullable=False),
    sa.Column('specification', sa.String(length=200, collation='C'), nullable=False),
    sa.Column('standard', sa.String(length=200), nullable=True),
    sa.Column('unit', sa.String(length=20), nullable=False),
    sa.Column('site_organisation_id', sa.Uuid(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('made_by', sa.Uuid(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['site.project_id'], name=op.f('fk_material_project_id')),
    sa.ForeignKeyConstraint(['site_organisation_id', 'project_id'], ['site_organisation.id', 'site_organisation.project_id'], name=op.f('fk_material_site_organisation_id_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_material')),
    sa.UniqueConstraint('id', 'project_id', name=op.f('uq_material_id_project_id')),
    sa.UniqueConstraint('project_id', 'title', 'specification', name=op.f('uq_material_project_id_title_specification'))
    )
    op.create_table('material_record',
    sa.Column('project_id', sa.Uuid(), nullable=False),
    sa.Column('material_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('document', sa.String(length=300), nullable=False),
    sa.Column('dated_on', sa.Date(), nullable=False),
    sa.Column('recorded_by', sa.Uuid(), nullable=True),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('withdrawn_by', sa.Uuid(), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_reason', sa.Text(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("kind IN ('sample', 'certificate', 'test_report')", name=op.f('ck_material_record_kind')),
    sa.CheckConstraint('(withdrawn_at IS NULL) = (withdrawn_reason IS NULL)', name=op.f('ck_material_record_withdrawn_reason')),
    sa.ForeignKeyConstraint(['material_id', 'project_id'], ['material.id', 'material.project_id'], name=op.f('fk_material_record_material_id_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_material_record'))
    )
    op.create_index('ix_material_record_material_id', 'material_record', ['material_id', 'id'], unique=False)
    op.create_table('material_batch',
    sa.Column('project_id', sa.Uuid(), nullable=False),
    sa.Column('material_id', sa.Uuid(), nullable=False),
    sa.Column('purchase_id', sa.Uuid(), nullable=True),
    sa.Column('batch_no', sa.String(length=100, collation='C'), nullable=False),
    sa.Column('quantity', sa.Numeric(precision=14, scale=3), nullable=False),
    sa.Column('arrived_on', sa.Date(), nullable=False),
    sa.Column('certificate', sa.String(length=300), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('recorded_by', sa.Uuid(), nullable=True),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_by', sa.Uuid(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decision_reason', sa.Text(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("(state = 'arrived') = (decided_at IS NULL)", name=op.f('ck_material_batch_decided_at')),
    sa.CheckConstraint("state IN ('arrived', 'accepted', 'rejected', 'withdrawn')", name=op.f('ck_material_batch_state')),
    sa.CheckConstraint("state NOT IN ('accepted', 'rejected') OR decided_by <> recorded_by", name=op.f('ck_material_batch_decided_by')),
    sa.CheckConstraint('quantity > 0', name=op.f('ck_material_batch_quantity')),
    sa.ForeignKeyConstraint(['material_id', 'project_id'], ['material.id', 'material.project_id'], name=op.f('fk_material_batch_material_id_project_id')),
    sa.ForeignKeyConstraint(['purchase_id'], ['purchase.id'], name=op.f('fk_material_batch_purchase_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_material_batch')),
    sa.UniqueConstraint('material_id', 'batch_no', name=op.f('uq_material_batch_material_id_batch_no'))
    )
    op.create_index('ix_material_batch_project_id', 'material_batch', ['project_id', 'id'], unique=False)
    op.create_index('ix_material_batch_purchase_id', 'material_batch', ['purchase_id', 'id'], unique=False)
    op.create_table('method_board',
    sa.Column('project_id', sa.Uuid(), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('work', sa.String(length=200), nullable=False),
    sa.Column('place', sa.String(length=200), nullable=False),
    sa.Column('put_up_on', sa.Date(), nullable=False),
    sa.Column('recorded_by', sa.Uuid(), nullable=True),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('taken_down_by', sa.Uuid(), nullable=True),
    sa.Column('taken_down_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['site.project_id'], name=op.f('fk_method_board_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_method_board'))
    )
    op.create_index('ix_method_board_project_id', 'method_board', ['project_id', 'id'], unique=False)
    op.create_table('site_notice',
    sa.Column('project_id', sa.Uuid(), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.Column('posted_on', sa.Date(), nullable=False),
    sa.Column('open_until', sa.Date(), nullable=True),
    sa.Column('provisional', sa.Boolean(), nullable=False),
    sa.Column('posted_by', sa.Uuid(), nullable=True),
    sa.Column('posted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('withdrawn_by', sa.Uuid(), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_reason', sa.Text(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint('(withdrawn_at IS NULL) = (withdrawn_reason IS NULL)', name=op.f('ck_site_notice_withdrawn_reason')),
    sa.CheckConstraint('open_until >= posted_on', name=op.f('ck_site_notice_open_until')),
    sa.ForeignKeyConstraint(['project_id'], ['site.project_id'], name=op.f('fk_site_notice_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_site_notice')),
    sa.UniqueConstraint('id', 'project_id', name=op.f('uq_site_notice_id_project_id'))
    )
    op.create_index('ix_site_notice_project_id', 'site_notice', ['project_id', 'id'], unique=False)
    op.create_table('site_objection',
    sa.Column('project_id', sa.Uuid(), nullable=False),
    sa.Column('notice_id', sa.Uuid(), nullable=True),
    sa.Column('what', sa.Text(), nullable=False),
    sa.Column('received_on', sa.Date(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('recorded_by', sa.Uuid(), nullable=True),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answer', sa.Text(), nullable=True),
    sa.Column('document', sa.String(length=300), nullable=True),
    sa.Column('answered_by', sa.Uuid(), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("(state = 'open') = (answer IS NULL)", name=op.f('ck_site_objection_answer')),
    sa.CheckConstraint("(state = 'open') = (answered_at IS NULL)", name=op.f('ck_site_objection_answered_at')),
    sa.CheckConstraint("state IN ('open', 'upheld', 'rejected', 'withdrawn')", name=op.f('ck_site_objection_state')),
    sa.ForeignKeyConstraint(['notice_id', 'project_id'], ['site_notice.id', 'site_notice.project_id'], name=op.f('fk_site_objection_notice_id_project_id')),
    sa.ForeignKeyConstraint(['project_id'], ['site.project_id'], name=op.f('fk_site_objection_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_site_objection'))
    )
    op.create_index('ix_site_objection_project_id', 'site_objection', ['project_id', 'id'], unique=False)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
